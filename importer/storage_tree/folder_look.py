"""A folder's entries at a glance: enough to tell one kind of store from another, whatever its size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from importer.places.store import EntryKind, Listed, Store, joined

_MAX_ENTRIES: Final = 4096
"""Entries of a folder that are looked at: each kind of store shows itself among fewer."""


@dataclass(frozen=True, slots=True)
class FolderLook:
    """One folder, listed once; what can't be listed looks empty.

    Attributes:
        store, key: where it is.
        files, folders: names of its entries, behind links as well; of a huge folder some of them.
        links: names of the folders that are links.
    """

    store: Store
    key: str
    files: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()

    @classmethod
    def at(cls, store: Store, key: str = "") -> FolderLook:
        """List a folder."""
        files: set[str] = set()
        folders: set[str] = set()
        links: set[str] = set()
        for listed in _entries(store, key):
            if not _is_folder(store, key, listed):
                files.add(listed.name)
                continue
            folders.add(listed.name)
            if listed.kind is EntryKind.LINK:
                links.add(listed.name)
        return cls(store, key, frozenset(files), frozenset(folders), frozenset(links))

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.key.rpartition("/")[2]

    def below(self, *names: str) -> FolderLook:
        """One of its folders; one that isn't there looks empty."""
        return FolderLook.at(self.store, joined(self.key, *names))

    def inner(self, pattern: str = ".*") -> Iterator[FolderLook]:
        """Its folders with such names, sorted."""
        return (self.below(name) for name in sorted(self.folders) if re.fullmatch(pattern, name))

    def file(self, pattern: str) -> str | None:
        """The first of its files with such a name."""
        return min((name for name in self.files if re.fullmatch(pattern, name)), default=None)

    def folder(self, pattern: str) -> str | None:
        """The first of its folders with such a name."""
        return min((name for name in self.folders if re.fullmatch(pattern, name)), default=None)

    def begins(self, name: str, beginning: bytes) -> bool:
        """Whether one of its files begins so, white space aside."""
        try:
            head = self.store.head(joined(self.key, name), 256)
        except OSError:
            return False
        return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(beginning)

    def way_to(self, inner: FolderLook, name: str) -> str:
        """How an entry of a folder below is found from here."""
        return joined(inner.key, name)[len(self.key) :].lstrip("/")


def _entries(store: Store, key: str) -> Iterator[Listed]:
    try:
        yield from islice(store.list(key), _MAX_ENTRIES)
    except OSError:
        return


def _is_folder(store: Store, key: str, listed: Listed) -> bool:
    if listed.kind is not EntryKind.LINK:
        return listed.kind is EntryKind.FOLDER
    try:
        return store.stat(joined(key, listed.name)).kind is EntryKind.FOLDER
    except OSError:
        return False
