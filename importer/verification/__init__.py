"""Reading an output back as the programs read it that will get it."""
