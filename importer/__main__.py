"""``python -m importer`` is ``blobfix``."""

from importer.cli.main import main

main()
