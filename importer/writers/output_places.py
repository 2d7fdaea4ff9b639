"""Whether a place is one to write to, found out before any work is done: what the outputs ask alike."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from tarfile import is_tarfile
from typing import Final

from importer.domain.storage_paths import STORAGE_PARTS
from importer.errors import OutputError, UsageError
from importer.places.folder_store import FolderStore
from importer.places.named import on_disk
from importer.places.store import Store, is_below

_HARMLESS: Final = frozenset({"lost+found", STORAGE_PARTS[0]})


def check_file_place(target: Path, inputs: Iterable[Store]) -> None:
    """An archive goes into a folder that is there, and takes the place of regular files alone."""
    check_outside(FolderStore(target), inputs)
    if target.is_dir():
        raise UsageError(f"{target}: is a folder; give the name of a file, as in {target / 'image.tar'}")
    if target.exists() and not target.is_file():
        raise UsageError(f"{target}: is not a regular file; -o - writes to the standard output")
    if not target.parent.is_dir():
        raise UsageError(f"{target.parent}: no such folder; create it first")
    if _is_somebody_elses(target):
        raise UsageError(f"{target}: already exists and is not a tar archive; remove it or give another name")


def _is_somebody_elses(target: Path) -> bool:
    """Whether the file is an archive neither by its name nor by its content."""
    if target.suffix == ".tar" or not target.is_file() or not target.stat().st_size:
        return False
    return not is_tarfile(target)


def check_outside(output: Store, inputs: Iterable[Store]) -> None:
    """Raise UsageError for an output in an input."""
    for store in inputs:
        if is_below(output, store):
            folder = on_disk(output)
            advice = f", such as -o {Path(os.pardir) / folder.name}" if folder else ""
            raise UsageError(
                f"{output.shown('')}: is inside the input {store.shown('')}, and inputs are never changed; "
                f"choose a place outside it{advice}"
            )


def check_not_an_input(written: Store, inputs: Iterable[Store]) -> None:
    """Raise UsageError for an input in what is written to."""
    for store in inputs:
        if is_below(store, written):
            raise UsageError(
                f"{store.shown('')}: is in the tree to be written, and inputs are never changed; blobfix repair-tree "
                "--apply repairs a tree in place"
            )


def strangers_in(store: Store) -> list[str]:
    """What lies in a place already, by its names; raises OutputError when that can't be listed."""
    try:
        names = sorted(entry.name for entry in store.list(""))
    except OSError as error:
        raise OutputError(f"{store.shown('')}: can't be listed: {error.strerror}") from error
    return [name for name in names if name not in _HARMLESS]
