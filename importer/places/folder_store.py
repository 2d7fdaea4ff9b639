"""A folder as a store, or one file alone, whose key is empty."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from importer.places import folder_additions, folder_changes
from importer.places.additions import Additions, Rank
from importer.places.address import FileOnDisk
from importer.places.changes import Changes, Job
from importer.places.durability import Durability
from importer.places.opener import open_regular
from importer.places.space import demand_space, has_space, nearest_existing
from importer.places.store import EntryKind, Identity, Listed, Opened, Stamp, Status
from importer.places.unfinished import UNFINISHED_PREFIX, output_errors

_SPECIAL: Final = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_OPENING: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class FolderStore:
    """A folder on a disk; ``root`` is its path as it was given."""

    root: Path
    _start: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        root = os.fspath(self.root)
        object.__setattr__(self, "_start", "" if root == os.curdir else os.path.join(root, ""))  # noqa: PTH118 (as text)

    @property
    def name(self) -> str:
        """The folder's own name, also where it was given as ``..``."""
        return Path(os.path.abspath(self.root)).name  # noqa: PTH100 (a link's own name counts, not its target's)

    def shown(self, key: str) -> str:
        """The path."""
        # A million of them, as text.
        path = self._start + key if key else os.fspath(self.root)
        return path if os.sep == "/" else path.replace("/", os.sep)

    def path(self, key: str) -> Path:
        """The path, for the system."""
        return Path(self.shown(key))

    def address(self, key: str) -> FileOnDisk:
        """The file."""
        return FileOnDisk(self.shown(key))

    def list(self, folder: str) -> Iterator[Listed]:
        """The folder's entries, one by one as the system tells of them."""
        with os.scandir(self.shown(folder)) as listing:
            for entry in listing:
                if not entry.name.startswith(UNFINISHED_PREFIX):
                    yield _listed(entry)

    def stat(self, key: str) -> Status:
        """What lies there, behind links as well."""
        status = os.stat(self.shown(key))  # noqa: PTH116 (a path as text, a million times)
        kind = stat.S_IFMT(status.st_mode)
        if kind == stat.S_IFREG:
            return Status(EntryKind.FILE, status.st_size, stamp_of(status), identity=identity_of(status))
        if kind == stat.S_IFDIR:
            return Status(EntryKind.FOLDER, 0, stamp_of(status))
        return Status(EntryKind.OTHER, 0, stamp_of(status), _SPECIAL.get(kind, "neither file nor folder"))

    def open(self, key: str) -> Opened:
        """Open a regular file."""
        stream = open_regular(self.shown(key))
        return Opened(stream, stamp_of(os.fstat(stream.fileno())))

    def head(self, key: str, size: int) -> bytes:
        """The beginning of a regular file, read at once."""
        path = self.shown(key)
        # A pipe may have taken the file's place since it was listed; opening one must not hang.
        descriptor = os.open(path, _OPENING)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "no longer a regular file", path)
            return os.read(descriptor, size)
        finally:
            os.close(descriptor)

    def leads_out(self, key: str) -> bool:
        """Whether the place, links followed, is outside of the folder."""
        # Unlike resolve(), this goes as far as it may where a folder is locked, or isn't there yet.
        return not Path(os.path.realpath(self.shown(key))).is_relative_to(os.path.realpath(self.root))

    def real(self, key: str) -> str:
        """The real path."""
        return os.path.realpath(self.shown(key))

    def within(self, key: str) -> FolderStore:
        """The folder by its real path."""
        return FolderStore(Path(self.real(key)))

    def parents(self) -> Iterator[FolderStore]:
        """The folders above, by the names of the path that was given."""
        yield from map(FolderStore, Path(os.path.abspath(self.root)).parents)  # noqa: PTH100 (as in ``name``)

    @property
    def has_folders(self) -> bool:
        """Folders may be empty, and are moved in one step."""
        return True

    def has_space(self, size: int) -> bool:
        """Whether so many bytes may fit; the folder may be new."""
        with output_errors(self.root):
            return has_space(nearest_existing(self.root), size)

    def demand_space(self, size: int) -> None:
        """Raise OutputError when so many bytes can't fit."""
        with output_errors(self.root):
            demand_space(nearest_existing(self.root), size)

    def adding(self, rank: Rank, durability: Durability) -> AbstractContextManager[Additions]:
        """Add files below the folder."""
        return folder_additions.adding(self, rank, durability)

    def changing(self, job: Job, durability: Durability) -> AbstractContextManager[Changes]:
        """Change files below the folder."""
        return folder_changes.changing(self, job, durability)

    def clear_up(self, job: Job) -> None:
        """Take away what a killed run of the job has left."""
        folder_changes.clear_up(self.root, job)


def stamp_of(status: os.stat_result) -> Stamp:
    """By which a file is known again."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def identity_of(status: os.stat_result) -> Identity:
    """By which a later run knows a file again (on Windows, ctime is when it was made)."""
    marks = status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
    return Identity(marks, max(status.st_mtime_ns, status.st_ctime_ns))


def _listed(entry: os.DirEntry[str]) -> Listed:
    try:
        if entry.is_symlink():
            return Listed(entry.name, EntryKind.LINK)
        if entry.is_dir(follow_symlinks=False):
            return Listed(entry.name, EntryKind.FOLDER)
        if entry.is_file(follow_symlinks=False):
            return Listed(entry.name, EntryKind.FILE)
    except OSError as error:
        return Listed(entry.name, EntryKind.OTHER, reason=error.strerror or str(error))
    return Listed(entry.name, EntryKind.OTHER)
