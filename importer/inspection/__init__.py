"""What a file is, by its bytes: one reading gives its facts, and a name is never trusted."""
