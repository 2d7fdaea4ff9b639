"""Programs for developers: they write the pages of the documentation that are made from code."""
