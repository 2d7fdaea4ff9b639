"""Files in a store, at any depth."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Final

from importer.places.address import paths_of
from importer.places.store import EntryKind, Identity, Listed, Status, Store, joined
from importer.sources.source_file import ProblemKind, SourceFile, SourceProblem

_LINK_ADVICE: Final = "give its target as a PATH of its own, or with --borrow"
_UNKNOWN: Final = Identity()
_NO_FILE_ADVICE: Final = "it has no content and is skipped; if a file of the image belongs here, download that file"


class StoredFiles:
    """All regular files below a folder of a store, or one file alone.

    Links that stay inside the store are followed to files; folders that a link leads to are
    reached by their own name and not twice. A link that leads out is a problem, never an input:
    a download doesn't hold any, an attack may.
    """

    def __init__(self, store: Store, key: str = "", *, borrowed: bool = False) -> None:
        self._store = store
        self._key = key
        self._borrowed = borrowed

    def entries(self) -> Iterator[SourceFile | SourceProblem]:
        """Yield the files, each folder's in the order of their names."""
        status = self._store.stat(self._key)
        if status.kind is EntryKind.FOLDER:
            yield from self._below()
        else:
            yield self._regular(self._key, (self._key.rpartition("/")[2] or self._store.name,), status, status.identity)

    def _below(self) -> Iterator[SourceFile | SourceProblem]:
        folders: list[tuple[str, tuple[str, ...]]] = [(self._key, ())]
        while folders:
            folder, parts = folders.pop()
            try:
                children = sorted(self._store.list(folder), key=attrgetter("name"))
            except OSError as error:
                yield self._problem(folder, f"the folder can't be listed: {error.strerror}")
                continue
            subfolders = []
            for child in children:
                key = joined(folder, child.name)
                if child.kind is EntryKind.FOLDER:
                    subfolders.append((key, (*parts, child.name)))
                else:
                    yield from self._entry(child, key, (*parts, child.name))
            folders.extend(reversed(subfolders))

    def _entry(self, listed: Listed, key: str, parts: tuple[str, ...]) -> Iterator[SourceFile | SourceProblem]:
        is_link = listed.kind is EntryKind.LINK
        try:
            if is_link and self._store.leads_out(key):
                yield self._problem(key, "a link to outside the folder", _LINK_ADVICE)
                return
            status = listed.status or self._store.stat(key)
        except OSError as error:
            if is_link:
                yield self._nothing(key, f"a broken link: {error.strerror}")
            else:
                yield self._problem(key, error.strerror or str(error))
            return
        if status.kind is not EntryKind.FOLDER:
            # Of a folder's files it is asked for when it is needed: a million of them take much room.
            yield self._regular(key, parts, status, listed.status.identity if listed.status else _UNKNOWN)

    def _regular(
        self, key: str, parts: tuple[str, ...], status: Status, identity: Identity
    ) -> SourceFile | SourceProblem:
        if status.kind is EntryKind.OTHER:
            return self._nothing(key, f"{status.special}, not a regular file")
        address = self._store.address(key)
        # One text for both: there may be millions of them.
        (path,) = paths_of(address)
        return SourceFile(path, parts, status.size, address, self._borrowed, identity)

    def _nothing(self, key: str, reason: str) -> SourceProblem:
        path = self._store.shown(key)
        return SourceProblem(path, reason, _NO_FILE_ADVICE, kind=ProblemKind.NOTHING, borrowed=self._borrowed)

    def _problem(self, key: str, reason: str, advice: str = "") -> SourceProblem:
        return SourceProblem(self._store.shown(key), reason, advice, borrowed=self._borrowed)
