"""Makes the plan: what a manifest wants, matched with what the inventory has.

Every blob of the plan is found, derived from a file by a repair, made from knowledge, or missing,
with the cause.
"""
