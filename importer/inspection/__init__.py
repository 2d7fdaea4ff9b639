"""Looks at what is there: which document breaks which format, and where."""
