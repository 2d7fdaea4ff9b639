"""What goes through all rooms: images made by real programs, judged by real programs; hostile inputs, large ones."""
