"""Whether a place is one to write to, found out before any work is done."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from tarfile import is_tarfile
from typing import Final

from importer.domain.storage_paths import STORAGE_PARTS
from importer.errors import OutputError, UsageError
from importer.places.unfinished import UNFINISHED_PREFIX
from importer.writers.context_folder import unfinished_files
from importer.writers.oci_layout import INDEX_NAME, LAYOUT_NAME

_HARMLESS: Final = frozenset({"lost+found", STORAGE_PARTS[0]})


def check_tree_place(root: Path, inputs: Iterable[Path]) -> None:
    """A registry tree goes into a new or empty folder, or into one that holds a tree already."""
    inputs = tuple(inputs)
    _check_outside(root, inputs)
    _check_not_an_input(root / STORAGE_PARTS[0], inputs)
    if not root.exists():
        return
    if not root.is_dir():
        raise UsageError(f"{root}: is a file; a registry tree must be a folder")
    strangers = [] if root.joinpath(*STORAGE_PARTS).is_dir() else _strangers_in(root)
    if strangers:
        raise UsageError(
            f"{root}: the folder is not empty and holds no registry's data ({strangers[0]} is there); "
            "give a new or empty folder, or the one that is mounted at /var/lib/registry"
        )


def check_layout_place(target: Path, inputs: Iterable[Path]) -> None:
    """An OCI image layout goes into a new or empty folder, or into one that is a layout already."""
    _check_outside(target, inputs)
    if not target.exists():
        return
    if not target.is_dir():
        raise UsageError(f"{target}: is a file; give a folder, or a file whose name ends with .tar")
    is_layout = any((target / name).is_file() for name in (LAYOUT_NAME, INDEX_NAME))
    # A kill between the last moves leaves blobs without an index: such a folder may be finished.
    strangers = [] if is_layout else [name for name in _strangers_in(target) if name != "blobs"]
    if strangers:
        raise UsageError(
            f"{target}: the folder is not empty and is not an OCI image layout ({strangers[0]} is there); "
            "give a new or empty folder, or a layout to add to"
        )


def check_context_place(target: Path, inputs: Iterable[Path]) -> None:
    """A build context goes into a new or empty folder: whatever else lies there would be sent to docker."""
    _check_outside(target, inputs)
    if not target.exists():
        return
    if not target.is_dir():
        raise UsageError(f"{target}: is a file; a build context must be a folder")
    left_behind = {path.name for path in unfinished_files(target)}
    strangers = [name for name in _strangers_in(target) if name not in left_behind]
    if strangers:
        raise UsageError(f"{target}: the folder is not empty ({strangers[0]} is there); give a new or empty one")


def check_file_place(target: Path, inputs: Iterable[Path]) -> None:
    """An archive goes into a folder that is there, and takes the place of regular files alone."""
    _check_outside(target, inputs)
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


def _check_outside(output: Path, inputs: Iterable[Path]) -> None:
    real = Path(os.path.realpath(output))
    for path in inputs:
        if real.is_relative_to(os.path.realpath(path)):
            raise UsageError(
                f"{output}: is inside the input {path}, and inputs are never changed; choose a place outside "
                f"it, such as -o {Path(os.pardir) / output.name}"
            )


def _check_not_an_input(written: Path, inputs: Iterable[Path]) -> None:
    real = Path(os.path.realpath(written))
    for path in inputs:
        if Path(os.path.realpath(path)).is_relative_to(real):
            raise UsageError(
                f"{path}: is in the tree to be written, and inputs are never changed; blobfix repair-tree "
                "--apply repairs a tree in place"
            )


def _strangers_in(root: Path) -> list[str]:
    try:
        names = sorted(entry.name for entry in root.iterdir())
    except OSError as error:
        raise OutputError(f"{root}: can't be listed: {error.strerror}") from error
    return [name for name in names if name not in _HARMLESS and not name.startswith(UNFINISHED_PREFIX)]
