"""How fast blobfix is: each module prints a table."""
