"""Images for the tests: generated in memory, or made by the real programs; and how Artifactory shows them."""
