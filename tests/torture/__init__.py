"""Whole commands under conditions that no quiet machine has: `make torture` runs all of it, the suite a small part."""
