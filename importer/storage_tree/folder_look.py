"""A folder's entries at a glance: enough to tell one kind of store from another, whatever its size."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

_MAX_ENTRIES: Final = 4096
"""Entries of a folder that are looked at: each kind of store shows itself among fewer."""


@dataclass(frozen=True, slots=True)
class FolderLook:
    """One folder, listed once; what can't be listed looks empty.

    Attributes:
        path: of the folder.
        files, folders: names of its entries, behind links as well; of a huge folder some of them.
    """

    path: Path
    files: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()

    @classmethod
    def at(cls, path: Path) -> FolderLook:
        """List a folder."""
        files: set[str] = set()
        folders: set[str] = set()
        for entry in _entries(path):
            (folders if _is_folder(entry) else files).add(entry.name)
        return cls(path, frozenset(files), frozenset(folders))

    def below(self, *names: str) -> FolderLook:
        """One of its folders; one that isn't there looks empty."""
        return FolderLook.at(self.path.joinpath(*names))

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
            with (self.path / name).open("rb") as stream:
                return stream.read(256).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(beginning)
        except OSError:
            return False


def _entries(path: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(path) as listing:
            yield from islice(listing, _MAX_ENTRIES)
    except OSError:
        return


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
