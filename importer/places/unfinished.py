"""Places for what isn't whole yet, next to where it will stand.

Everything is written into a folder whose name begins with ``.blobfix-`` and takes its real name in one
step when it is whole. An interrupt or an error leaves nothing else behind. A run that is killed leaves its
folder; the lock in it is free then, and so the next run knows that nobody needs it.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from importer.errors import OutputError
from importer.locking import hold, is_free

UNFINISHED_PREFIX: Final = ".blobfix-"
"""What this program writes under until it is whole; never an input."""

_FOLDER: Final = re.compile(re.escape(UNFINISHED_PREFIX) + "[0-9a-f]{16}")
_LOCK: Final = "lock"
"""Made before anything else is in the folder, and removed after all else: held as long as the run lives."""

_NO_ROOM: Final = "; free some space there, or choose another place"
_NO_RIGHT: Final = "; run this as a user with write permission there, or choose another place"
_ADVICE: Final = {
    errno.ENOSPC: _NO_ROOM,
    # Windows has no quotas of this kind.
    getattr(errno, "EDQUOT", errno.ENOSPC): _NO_ROOM,
    errno.EIO: "; the disk or its connection is failing: check the system log, and choose another place",
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


@contextmanager
def unfinished_folder(parent: Path) -> Iterator[Path]:
    """A folder of one's own below ``parent`` that vanishes with everything left in it; raises OSError."""
    # The name is known before the folder is made: an interrupt may come in between.
    folder, lock = _new_name(parent), None
    try:
        folder.mkdir(mode=0o700)
        # Another run may just have taken the folder for a dead one's, as nobody held the lock yet.
        while (lock := _held(folder / _LOCK)) is None:
            folder = _new_name(parent)
            folder.mkdir(mode=0o700)
        yield folder
    finally:
        _remove(folder)
        if lock is not None:
            os.close(lock)


def _held(lock: Path) -> int | None:
    try:
        return hold(lock)
    except FileNotFoundError:
        return None


def _new_name(parent: Path) -> Path:
    return parent / f"{UNFINISHED_PREFIX}{os.urandom(8).hex()}"


def _remove(folder: Path) -> None:
    """Remove the folder, its lock last; what the system doesn't let go of stays."""
    with suppress(OSError):
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry, ignore_errors=True)
            elif entry.name != _LOCK:
                with suppress(OSError):
                    Path(entry).unlink()
    with suppress(OSError):
        if all(entry.name == _LOCK for entry in os.scandir(folder)):
            (folder / _LOCK).unlink(missing_ok=True)
            folder.rmdir()


def remove_leftovers(parent: Path) -> None:
    """Take away what runs have left in ``parent`` that are dead: each a folder whose lock nobody holds."""
    for folder in dead_folders(parent):
        _remove(folder)


def dead_folders(parent: Path) -> Iterator[Path]:
    """The unfinished folders in ``parent`` of runs that are dead; while one is looked at, it has no other finder.

    Its lock is held then, and made where it's missing: a run that is about to make it takes another folder instead.
    """
    with suppress(OSError):
        for entry in sorted(os.scandir(parent), key=lambda entry: entry.name):
            if not _FOLDER.fullmatch(entry.name) or not entry.is_dir(follow_symlinks=False):
                continue
            folder = Path(entry)
            with is_free(folder / _LOCK, make=True) as free:
                if free:
                    yield folder


def make_folders(folder: Path, root: Path) -> list[Path]:
    """Make a folder and those above it up to ``root``, readable for the registry's user; returns what was missing."""
    missing = []
    while folder != root and not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        path.chmod(FOLDER_MODE)
    return missing


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
