"""Reading a whole storage tree in one walk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from importer.domain.digest import Digest
from importer.domain.reference import is_repository
from importer.domain.storage_paths import BLOBS, DATA, LAYERS, MANIFESTS, REPOSITORIES, UPLOADS
from importer.places.store import EntryKind
from importer.progress import Progress
from importer.storage_tree.layout import Layout
from importer.storage_tree.link_text import canonical_digest, claimed_in
from importer.storage_tree.repository_reading import RepositoryReader
from importer.storage_tree.tree import Area, OddBlob, Repository, Stray, Tree, Unreadable
from importer.storage_tree.walking import Entry, Unlistable, Walker

_OWN_FOLDERS: Final = frozenset({LAYERS, MANIFESTS, UPLOADS})


def read_tree(layout: Layout, progress: Progress) -> Tree:
    """Read every link and list every blob; raises InputError when links lead about without end."""
    reader = _Reader(layout, progress)
    # How many there are is known when all are read: a million links take most of a minute.
    progress.start("Listing blobs", 0)
    reader.read_blobs()
    progress.start("Reading links", 0)
    reader.read_repositories()
    progress.stop()
    return reader.tree


class _Reader:
    def __init__(self, layout: Layout, progress: Progress) -> None:
        self._progress = progress
        self.tree = Tree(layout)
        self._walker = Walker(layout)
        self._digests: dict[Digest, Digest] = {}

    def read_blobs(self) -> None:
        for entry in self._walker.below(self._walker.top(BLOBS)):
            if isinstance(entry, Unlistable):
                self.tree.unreadable.append(Unreadable(entry.path, entry.reason))
            elif entry.kind is EntryKind.OTHER:
                self.tree.strays.append(Stray(entry.path, Area.BLOBS, entry.reason))
            else:
                self._take_blob(entry)

    def _take_blob(self, entry: Entry) -> None:
        layout = self.tree.layout
        try:
            size = (entry.status or layout.store.stat(layout.key(entry.path))).size
        except OSError as error:
            self.tree.unreadable.append(Unreadable(entry.path, error.strerror or str(error)))
            return
        parts = entry.path.split("/")[1:]
        digest = self._digest_in_place(parts)
        if digest:
            self.tree.blobs[digest] = size
        else:
            self.tree.odd_blobs.append(OddBlob(entry.path, size, claimed_in(parts)))

    def _digest_in_place(self, parts: list[str]) -> Digest | None:
        if len(parts) != 4 or parts[3] != DATA or parts[1] != parts[2][:2]:
            return None
        digest = canonical_digest(parts[0], parts[2])
        return self.shared(digest) if digest else None

    def shared(self, digest: Digest) -> Digest:
        """The one object that stands for a digest: a million links to few blobs take little room."""
        return self._digests.setdefault(digest, digest)

    def read_repositories(self) -> None:
        waiting = [(self._walker.top(REPOSITORIES), "")]
        while waiting:
            folder, name = waiting.pop()
            listed = self._walker.list(folder)
            if isinstance(listed, Unlistable):
                self.tree.unreadable.append(Unreadable(listed.path, listed.reason))
                continue
            own = [entry for entry in listed if name and entry.name in _OWN_FOLDERS]
            if any(entry.kind is EntryKind.FOLDER for entry in own):
                self._read_repository(name, own)
            for entry in listed:
                inner = f"{name}/{entry.name}".lstrip("/")
                # Registries pass by what begins so (catalog.go), and some keep more there: ORAS's has _refs.
                if entry in own or entry.name.startswith("_"):
                    continue
                if entry.kind is EntryKind.FOLDER and is_repository(inner.lower()):
                    waiting.append((entry, inner))
                elif entry.kind is not EntryKind.FOLDER or self._holds_anything(entry):
                    self.tree.strays.append(Stray(entry.path, Area.REPOSITORIES, entry.reason))

    def _holds_anything(self, folder: Entry) -> bool:
        return next(self._walker.below(folder), None) is not None

    def _read_repository(self, name: str, own: Iterable[Entry]) -> None:
        folders = {entry.name: entry for entry in own if entry.kind is EntryKind.FOLDER}
        repository = Repository(name, has_layers=LAYERS in folders)
        reader = RepositoryReader(self.tree, repository, self._walker, self.shared, self._progress.advance)
        reader.read(folders)
        self.tree.repositories.append(repository)
