"""Where the right bytes of each blob are: in its place, elsewhere in the tree, in other places, or nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from importer.domain.digest import Digest
from importer.domain.storage_paths import blob_path
from importer.storage_tree.contents import Contents, Reading
from importer.storage_tree.documents import Manifest, Need
from importer.storage_tree.steps import MoveBlob, Step, WriteBlob
from importer.storage_tree.supplies import Supplies, Supply
from importer.storage_tree.tree import Repository, Tree


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A blob's bytes under another path of the tree.

    Attributes:
        is_blob_place: whether another blob should be there.
        is_claimed: whether the path names the blob's digest.
    """

    path: str
    reading: Reading
    is_blob_place: bool = False
    is_claimed: bool = False


class Stock:
    """Answers for one tree where its blobs are and what its manifests say."""

    def __init__(self, tree: Tree, contents: Contents, supplies: Supplies) -> None:
        self._tree = tree
        self._contents = contents
        self._supplies = supplies
        self._moved: dict[Digest, Manifest | None] = {}
        self._not_rebuilt: set[Digest] = set()

    def is_in_place(self, digest: Digest) -> bool:
        """Whether the blob is where it belongs, and as far as is known, whole."""
        contents = self._contents
        return digest in self._tree.blobs and digest not in contents.damaged and digest not in contents.unreadable

    def is_unreadable(self, digest: Digest) -> bool:
        """Whether a file is in the blob's place that nobody may read."""
        return digest in self._contents.unreadable

    def is_here(self, digest: Digest, need: Need | None = None) -> bool:
        """Whether the blob's bytes can be had from anywhere."""
        return self.is_in_place(digest) or digest in self.elsewhere or self.supply(digest, need).blob is not None

    def manifest(self, digest: Digest, need: Need | None = None) -> Manifest | None:
        """What a blob says as a manifest, wherever its bytes are; None when it isn't one or isn't here."""
        if self.is_in_place(digest):
            return self._contents.whole.get(digest)
        if digest not in self._moved:
            moved = self.elsewhere.get(digest)
            self._moved[digest] = (
                moved.reading.manifest if moved else self._supplies.manifest_of(self.supply(digest, need))
            )
        return self._moved[digest]

    def supply(self, digest: Digest, need: Need | None = None) -> Supply:
        """How the blob comes about from outside of the tree or from what is left of it."""
        if not digest.is_checkable:
            return Supply(None)
        in_place = digest in self._contents.damaged
        remains = self._tree.layout.key(blob_path(digest)) if in_place else self._odd_remains.get(digest)
        supply = self._supplies.find(digest, need, remains)
        if supply.blob or digest in self._not_rebuilt:
            return supply
        self._not_rebuilt.add(digest)
        return self._supplies.rebuilt(digest, self._beside(digest)) if digest in self._manifests else supply

    def fetching(self, digest: Digest, need: Need | None = None) -> tuple[Step, ...]:
        """The step that brings the blob to its place; none when it is there or can't be had."""
        if self.is_in_place(digest):
            return ()
        moved = self.elsewhere.get(digest)
        if moved:
            return (MoveBlob(moved.path, digest, moved.reading.stamp, moved.is_blob_place),)
        blob = self.supply(digest, need).blob
        return (WriteBlob(blob),) if blob else ()

    def _beside(self, manifest: Digest) -> Iterator[str]:
        """The keys of the whole blobs that the manifest's repositories link as layers and configs."""
        for repository in self._manifests[manifest]:
            for digest in sorted(filter(self.is_in_place, repository.layers)):
                yield self._tree.layout.key(blob_path(digest))

    @cached_property
    def _manifests(self) -> dict[Digest, list[Repository]]:
        """The repositories of every digest that a revision or a tag names."""
        found: dict[Digest, list[Repository]] = {}
        for repository in self._tree.repositories:
            for digest in repository.revisions | set(repository.currents.values()):
                found.setdefault(digest, []).append(repository)
        return found

    @cached_property
    def elsewhere(self) -> dict[Digest, Elsewhere]:
        """Every blob whose bytes lie under another path, and not in its own place."""
        found: dict[Digest, Elsewhere] = {}
        for odd, reading in self._contents.odd:
            found.setdefault(reading.digest, Elsewhere(odd.path, reading, is_claimed=odd.claimed == reading.digest))
        for digest, reading in self._contents.damaged.items():
            found.setdefault(reading.digest, Elsewhere(blob_path(digest), reading, is_blob_place=True))
        return {digest: place for digest, place in found.items() if not self.is_in_place(digest)}

    @cached_property
    def _odd_remains(self) -> dict[Digest, str]:
        return {
            odd.claimed: self._tree.layout.key(odd.path)
            for odd, reading in self._contents.odd
            if odd.claimed and odd.claimed != reading.digest
        }
