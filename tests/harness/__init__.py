"""The tests' own tools, tested."""
