"""What a manifest wants, matched with what the inventory has: a plan, as data.

Every blob of the plan is found, derived from a file by a repair, made from knowledge, or missing,
with the cause.
"""
