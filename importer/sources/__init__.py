"""Where candidate files come from: each source lists files and opens them, and knows nothing more."""
