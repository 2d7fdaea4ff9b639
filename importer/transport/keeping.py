"""Files that stand where others are to go, and that nobody may lose."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from importer.domain.digest import Digest
from importer.places.durability import Durability

_LINK: Final = "kept-link"


def keep(path: Path, durability: Durability) -> Path | None:
    """Give the file at ``path`` a second name, that of its own digest, so that ``path`` can be replaced.

    The first name stays, for the file that replaces it; a symbolic link gets another name instead, and is not
    followed. None: there is nothing to lose, neither a file with content
    nor one that has no copy under that name. Raises OSError.
    """
    if path.is_symlink():
        # A name with a digest in it would make the link look like one more file of the image.
        kept = _free(path.with_name(_LINK))
        path.rename(kept)
        return kept
    if not path.is_file() or not path.stat().st_size:
        return None
    digest = _digest_of(path)
    kept = path.with_name(digest.file_name)
    if kept == path:
        return None
    if kept.is_file() and not kept.is_symlink() and _digest_of(kept) == digest:
        return None
    kept = _free(kept)
    try:
        os.link(path, kept)
    except OSError:
        # The file system has no second names.
        path.rename(kept)
    durability.folders([path.parent])
    return kept


def _digest_of(path: Path) -> Digest:
    with path.open("rb") as stream:
        return Digest("sha256", hashlib.file_digest(stream, "sha256").hexdigest())


def _free(path: Path) -> Path:
    """The path, or where something else has this name, one with a number behind it."""
    number, free = 1, path
    while os.path.lexists(free):
        number += 1
        free = path.with_name(f"{path.name}.{number}")
    return free
