"""The command line: it reads options, calls the rooms in their order, and prints what they say."""
