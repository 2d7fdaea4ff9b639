"""Places for what isn't whole yet, next to where it will stand.

Everything is written under a name that begins with ``.blobfix-`` and takes its real name in one
step when it is whole. An interrupt, an error or an end of the program leaves nothing else behind.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from importer.errors import OutputError
from importer.sources.folder import UNFINISHED_PREFIX

_NO_ROOM: Final = "; make room there, or choose another place"
_NO_RIGHT: Final = "; run this as a user who may write there, or choose another place"
_ADVICE: Final = {
    errno.ENOSPC: _NO_ROOM,
    # Windows has no quotas of this kind.
    getattr(errno, "EDQUOT", errno.ENOSPC): _NO_ROOM,
    errno.EACCES: _NO_RIGHT,
    errno.EPERM: _NO_RIGHT,
    errno.EROFS: _NO_RIGHT,
}
FOLDER_MODE: Final = 0o755
FILE_MODE: Final = 0o644


@contextmanager
def output_errors(place: Path) -> Iterator[None]:
    """Turn the system's errors about a place into one that people understand."""
    try:
        yield
    except OSError as error:
        where = _visible(Path(os.fsdecode(error.filename2 or error.filename or place)))
        advice = _ADVICE.get(error.errno or 0, "")
        raise OutputError(f"{where}: can't be written: {error.strerror or error}{advice}") from error


def _visible(path: Path) -> Path:
    """The place itself; below it, the names of what isn't whole yet tell nobody anything."""
    unfinished = (parent for parent in (path, *path.parents) if parent.name.startswith(UNFINISHED_PREFIX))
    return next((parent.parent for parent in unfinished), path)


def unfinished_path(parent: Path) -> Path:
    """A new name below ``parent``, known before anything is made there: an interrupt may come in between."""
    return parent / f"{UNFINISHED_PREFIX}{os.urandom(8).hex()}"


@contextmanager
def unfinished_folder(parent: Path) -> Iterator[Path]:
    """A folder of one's own below ``parent`` that vanishes with everything left in it."""
    folder = unfinished_path(parent)
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def folder_if_used(folder: Path) -> Iterator[None]:
    """Make a folder and those above it, and take away again what is still empty at the end.

    The folder itself is readable for the registry's user; those above it are the maker's own affair.
    """
    made = []
    while not folder.exists():
        made.append(folder)
        folder = folder.parent
    try:
        for path in reversed(made):
            path.mkdir(exist_ok=True)
        if made:
            made[0].chmod(FOLDER_MODE)
        yield
    finally:
        for path in made:
            with suppress(OSError):
                path.rmdir()


def make_folders(folder: Path, root: Path) -> None:
    """Make a folder and those above it up to ``root``, readable for the registry's user."""
    missing = []
    while folder != root and not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        path.chmod(FOLDER_MODE)


def write_blocks(path: Path, blocks: Iterable[bytes]) -> None:
    """Write a new file block by block."""
    with path.open("xb", buffering=0) as stream:
        for block in blocks:
            write_all(stream.fileno(), block)


def write_all(descriptor: int, block: bytes | memoryview) -> None:
    """Write a block to its last byte: one system call may take only a part."""
    view = memoryview(block)
    while view:
        view = view[os.write(descriptor, view) :]
