"""The names that programs give the files of an image.

Sources: Artifactory's repository layout for Docker; the names that browsers and downloaders append while they work.
"""

from __future__ import annotations

from typing import Final

MANIFEST_NAME: Final = "manifest.json"
"""Artifactory's name of an image's manifest; docker save's of its own."""

INDEX_NAME: Final = "list.manifest.json"
"""Artifactory's name of an index."""

MANIFEST_NAMES: Final = (INDEX_NAME, MANIFEST_NAME)
"""What Artifactory calls manifests. Beside an index, old versions kept a manifest of schema 1 that nobody wants."""

UNFINISHED_ENDINGS: Final = (".part", ".crdownload", ".download", ".partial", ".opdownload")
"""What Firefox and curl, Chrome, Safari, Edge and wget, and Opera append to an unfinished download."""


def manifest_name(*, is_index: bool) -> str:
    """What Artifactory calls the manifest."""
    return INDEX_NAME if is_index else MANIFEST_NAME
