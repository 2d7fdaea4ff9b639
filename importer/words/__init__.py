"""What messages are made of: parts of which each knows what it is, and the ways to write text out safely."""
