"""Listing a storage tree's folders: links are followed as a registry follows them, but not in circles."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from importer.errors import InputError
from importer.places.unfinished import UNFINISHED_PREFIX
from importer.storage_tree.layout import Layout

_MAX_FOLLOWED: Final = 100_000
"""Links to folders that are followed in one walk; who has more wants to keep us busy."""


class EntryKind(Enum):
    """What an entry is to a registry."""

    FILE = auto()
    FOLDER = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a folder.

    Attributes:
        path: its path in the storage.
        kind: what it is, behind a link as well; OTHER for pipes, devices and links to nowhere.
        followed: real paths of the folders to which links have led on the way here.
        reason: why it is OTHER, in plain words.
    """

    path: str
    kind: EntryKind
    followed: tuple[str, ...] = ()
    reason: str = ""

    @property
    def name(self) -> str:
        """The entry's own name."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Unlistable:
    """A folder that can't be listed, and why."""

    path: str
    reason: str


class Walker:
    """Lists the folders of one tree; raises InputError when links lead about without end."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._followed = 0

    def top(self, path: str) -> Entry:
        """One of the tree's halves as an entry."""
        return Entry(path, EntryKind.FOLDER)

    def list(self, folder: Entry) -> list[Entry] | Unlistable:
        """A folder's entries in the order of their names, but for this program's own."""
        try:
            with os.scandir(self._layout.place(folder.path)) as listing:
                found = [entry for entry in listing if not entry.name.startswith(UNFINISHED_PREFIX)]
        except FileNotFoundError:
            return []
        except OSError as error:
            return Unlistable(folder.path, f"the folder can't be listed: {error.strerror}")
        found.sort(key=lambda entry: entry.name)
        return [self._entry(entry, folder) for entry in found]

    def below(self, folder: Entry) -> Iterator[Entry | Unlistable]:
        """Everything below a folder that is not itself a folder."""
        return (found for found in self.all_below(folder) if not _is_folder(found))

    def all_below(self, folder: Entry) -> Iterator[Entry | Unlistable]:
        """Everything below a folder, folders included."""
        waiting = [folder]
        while waiting:
            listed = self.list(waiting.pop())
            if isinstance(listed, Unlistable):
                yield listed
                continue
            yield from listed
            waiting.extend(entry for entry in reversed(listed) if entry.kind is EntryKind.FOLDER)

    def _entry(self, entry: os.DirEntry[str], folder: Entry) -> Entry:
        path = f"{folder.path}/{entry.name}"
        try:
            if entry.is_symlink():
                return self._linked(entry, path, folder)
            if entry.is_dir(follow_symlinks=False):
                return Entry(path, EntryKind.FOLDER, folder.followed)
            if entry.is_file(follow_symlinks=False):
                return Entry(path, EntryKind.FILE)
        except OSError as error:
            return Entry(path, EntryKind.OTHER, reason=error.strerror or str(error))
        return Entry(path, EntryKind.OTHER, reason="not a regular file")

    def _linked(self, entry: os.DirEntry[str], path: str, folder: Entry) -> Entry:
        try:
            mode = entry.stat().st_mode
        except OSError as error:
            return Entry(path, EntryKind.OTHER, reason=f"a broken link: {error.strerror}")
        if stat.S_ISREG(mode):
            return Entry(path, EntryKind.FILE)
        if not stat.S_ISDIR(mode):
            return Entry(path, EntryKind.OTHER, reason="not a regular file")
        real = os.path.realpath(entry.path)
        above = os.path.realpath(self._layout.place(folder.path))
        if real in folder.followed or f"{above}/".startswith(f"{real}/"):
            return Entry(path, EntryKind.OTHER, reason="a link to one of its parent folders")
        self._followed += 1
        if self._followed > _MAX_FOLLOWED:
            raise InputError(f"{self._layout.root}: more than {_MAX_FOLLOWED:,} links to folders, as in no registry")
        return Entry(path, EntryKind.FOLDER, (*folder.followed, real))


def _is_folder(found: Entry | Unlistable) -> bool:
    return isinstance(found, Entry) and found.kind is EntryKind.FOLDER
