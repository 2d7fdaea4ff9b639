"""A registry's storage on disk: what is in it, what is wrong with it, and the steps that mend it."""
