"""Listing a storage tree's folders: links are followed as a registry follows them, but not in circles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from importer.errors import InputError
from importer.places.store import EntryKind, Listed, Status
from importer.storage_tree.layout import Layout

_MAX_FOLLOWED: Final = 100_000
"""Links to folders that are followed in one walk; who has more wants to keep us busy."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a folder.

    Attributes:
        path: its path in the storage.
        kind: what it is, behind a link as well; OTHER for pipes, devices and links to nowhere.
        followed: where the folders really lie to which links have led on the way here.
        reason: why it is OTHER, in plain words.
        status: what the store told with the listing.
    """

    path: str
    kind: EntryKind
    followed: tuple[str, ...] = ()
    reason: str = ""
    status: Status | None = None

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
        self._store = layout.store
        self._followed = 0

    def top(self, path: str) -> Entry:
        """One of the tree's halves as an entry."""
        return Entry(path, EntryKind.FOLDER)

    def list(self, folder: Entry) -> list[Entry] | Unlistable:
        """A folder's entries in the order of their names."""
        try:
            found = sorted(self._store.list(self._layout.key(folder.path)), key=attrgetter("name"))
        except FileNotFoundError:
            return []
        except OSError as error:
            return Unlistable(folder.path, f"the folder can't be listed: {error.strerror}")
        return [self._entry(listed, folder) for listed in found]

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

    def _entry(self, listed: Listed, folder: Entry) -> Entry:
        path = f"{folder.path}/{listed.name}"
        match listed.kind:
            case EntryKind.FILE:
                return Entry(path, EntryKind.FILE, status=listed.status)
            case EntryKind.FOLDER:
                return Entry(path, EntryKind.FOLDER, folder.followed)
            case EntryKind.LINK:
                return self._linked(path, folder)
        return Entry(path, EntryKind.OTHER, reason=listed.reason or "not a regular file")

    def _linked(self, path: str, folder: Entry) -> Entry:
        key = self._layout.key(path)
        try:
            kind = self._store.stat(key).kind
        except OSError as error:
            return Entry(path, EntryKind.OTHER, reason=f"a broken link: {error.strerror}")
        if kind is EntryKind.FILE:
            return Entry(path, EntryKind.FILE)
        if kind is EntryKind.OTHER:
            return Entry(path, EntryKind.OTHER, reason="not a regular file")
        real = self._store.real(key)
        above = self._store.real(self._layout.key(folder.path))
        if real in folder.followed or f"{above}/".startswith(f"{real}/"):
            return Entry(path, EntryKind.OTHER, reason="a link to one of its parent folders")
        self._followed += 1
        if self._followed > _MAX_FOLLOWED:
            root = self._store.shown("")
            raise InputError(f"{root}: more than {_MAX_FOLLOWED:,} links to folders, as in no registry")
        return Entry(path, EntryKind.FOLDER, (*folder.followed, real))


def _is_folder(found: Entry | Unlistable) -> bool:
    return isinstance(found, Entry) and found.kind is EntryKind.FOLDER
