"""Where bytes are, and how they get into their places: unfinished first, durable, and all or nothing."""
