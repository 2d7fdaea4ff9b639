"""The repository itself: who imports whom, what is in the wheel, and that docs and fixtures are true."""
