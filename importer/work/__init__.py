"""How tasks are carried out: in threads, or in processes of their own; and how they are stopped."""
