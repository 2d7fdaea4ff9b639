"""Small parts alone."""
