"""How each wanted blob comes about: found, mended, in its content alone, or lost to a cause."""
