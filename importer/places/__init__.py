"""How bytes get into their places on a disk: unfinished first, durable, and all or nothing."""
