"""Whether a place is one to write to, found out before any work is done."""

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
from importer.places.store import EntryKind, Store, is_below, joined, kind_at
from importer.writers.context_folder import unfinished_files
from importer.writers.oci_layout import INDEX_NAME, LAYOUT_NAME

_HARMLESS: Final = frozenset({"lost+found", STORAGE_PARTS[0]})


def check_tree_place(store: Store, inputs: Iterable[Store]) -> None:
    """A registry tree goes into a new or empty folder, or into one that holds a tree already."""
    inputs = tuple(inputs)
    _check_outside(store, inputs)
    _check_not_an_input(store.within(STORAGE_PARTS[0]), inputs)
    kind, root = kind_at(store, ""), store.shown("")
    if kind is None:
        return
    if kind is not EntryKind.FOLDER:
        raise UsageError(f"{root}: is a file; a registry tree must be a folder")
    is_tree = kind_at(store, joined(*STORAGE_PARTS)) is EntryKind.FOLDER
    strangers = [] if is_tree else _strangers_in(store)
    if strangers:
        raise UsageError(
            f"{root}: the folder is not empty and holds no registry's data ({strangers[0]} is there); "
            "give a new or empty folder, or the one that is mounted at /var/lib/registry"
        )


def check_layout_place(store: Store, inputs: Iterable[Store]) -> None:
    """An OCI image layout goes into a new or empty folder, or into one that is a layout already."""
    _check_outside(store, inputs)
    kind, target = kind_at(store, ""), store.shown("")
    if kind is None:
        return
    if kind is not EntryKind.FOLDER:
        raise UsageError(f"{target}: is a file; give a folder, or a file whose name ends with .tar")
    is_layout = any(kind_at(store, name) is EntryKind.FILE for name in (LAYOUT_NAME, INDEX_NAME))
    # A kill between the last moves leaves blobs without an index: such a folder may be finished.
    strangers = [] if is_layout else [name for name in _strangers_in(store) if name != "blobs"]
    if strangers:
        raise UsageError(
            f"{target}: the folder is not empty and is not an OCI image layout ({strangers[0]} is there); "
            "give a new or empty folder, or a layout to add to"
        )


def check_context_place(target: Path, inputs: Iterable[Store]) -> None:
    """A build context goes into a new or empty folder: whatever else lies there would be sent to docker."""
    store = FolderStore(target)
    _check_outside(store, inputs)
    if not target.exists():
        return
    if not target.is_dir():
        raise UsageError(f"{target}: is a file; a build context must be a folder")
    left_behind = {path.name for path in unfinished_files(target)}
    strangers = [name for name in _strangers_in(store) if name not in left_behind]
    if strangers:
        raise UsageError(f"{target}: the folder is not empty ({strangers[0]} is there); give a new or empty one")


def check_file_place(target: Path, inputs: Iterable[Store]) -> None:
    """An archive goes into a folder that is there, and takes the place of regular files alone."""
    _check_outside(FolderStore(target), inputs)
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


def _check_outside(output: Store, inputs: Iterable[Store]) -> None:
    for store in inputs:
        if is_below(output, store):
            folder = on_disk(output)
            advice = f", such as -o {Path(os.pardir) / folder.name}" if folder else ""
            raise UsageError(
                f"{output.shown('')}: is inside the input {store.shown('')}, and inputs are never changed; "
                f"choose a place outside it{advice}"
            )


def _check_not_an_input(written: Store, inputs: Iterable[Store]) -> None:
    for store in inputs:
        if is_below(store, written):
            raise UsageError(
                f"{store.shown('')}: is in the tree to be written, and inputs are never changed; blobfix repair-tree "
                "--apply repairs a tree in place"
            )


def _strangers_in(store: Store) -> list[str]:
    try:
        names = sorted(entry.name for entry in store.list(""))
    except OSError as error:
        raise OutputError(f"{store.shown('')}: can't be listed: {error.strerror}") from error
    return [name for name in names if name not in _HARMLESS]
