"""What is wanted and how it comes about, as values: images, their blobs, causes, obstacles, recipes.

Nothing here looks for anything: `recovery` makes the plan, `mutate` changes it on purpose, all others read it.
"""
