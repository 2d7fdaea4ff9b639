"""What a scan says is what the writers do and what the next scan says, over all rooms at once."""
