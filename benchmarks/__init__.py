"""Measurements beside the peers; each script prints the table that the documentation shows."""
