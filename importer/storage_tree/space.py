"""What a storage tree's bytes are for: tags, manifests without a tag, nothing, and uploads that never ended.

References are counted over all repositories, as a registry's garbage collection does (distribution v2.8.3,
registry/storage/garbagecollect.go): it keeps what any linked manifest names, and with ``--delete-untagged`` only what
a manifest with a tag names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from importer.domain.digest import Digest
from importer.domain.storage_paths import DATA, REPOSITORIES, UPLOADS
from importer.places.store import EntryKind, Store, joined
from importer.plan.blobs import Role
from importer.storage_tree.contents import Contents
from importer.storage_tree.documents import Manifest
from importer.storage_tree.layout import Layout
from importer.storage_tree.tree import LinkRole, Repository, Tree

STARTED_AT: Final = "startedat"
"""Beside an upload's bytes: when it began (distribution v2.8.3, paths.go), as RFC 3339."""

_MAX_TIME: Final = 64


@dataclass(frozen=True, slots=True)
class Uploads:
    """Uploads that were begun and not ended: how many, their bytes, and when the oldest of them began."""

    count: int = 0
    size: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class RepositorySpace:
    """The blobs that one repository has links to or manifests of, in bytes.

    Attributes:
        name: the repository.
        own: blobs that tags of no other repository need.
        shared: blobs that tags of this repository and of others need.
        unneeded: blobs that no tag of any repository needs.
        links: how many links to layers no manifest of the repository names.
        uploads: what was never ended.
    """

    name: str
    own: int
    shared: int
    unneeded: int
    links: int
    uploads: Uploads


@dataclass(frozen=True, slots=True)
class Space:
    """What the bytes of a tree are for.

    Attributes:
        needed: bytes of blobs that a tag needs.
        untagged: bytes of blobs that only manifests without a tag need, these included.
        unreferenced: bytes of blobs that no manifest of any repository names.
        misplaced: bytes of files among the blobs that are in no blob's place.
        unreferenced_blobs, untagged_manifests: which these are.
        unknown_manifests: how many linked manifests can't be read; what these need is taken for unneeded.
        uploads: those of all repositories.
        repositories: each by itself, the one with most that isn't needed first.
    """

    needed: int
    untagged: int
    unreferenced: int
    misplaced: int
    unreferenced_blobs: frozenset[Digest]
    untagged_manifests: frozenset[Digest]
    unknown_manifests: int
    uploads: Uploads
    repositories: tuple[RepositorySpace, ...]


def space_of(tree: Tree, contents: Contents) -> Space:
    """Count a tree's bytes; reads nothing of it but what is in its folders of uploads."""
    needs = _Needs(contents.whole)
    tagged = [needs.closure(_named_by_tags(repository)) for repository in tree.repositories]
    linked = [needs.closure(_linked_manifests(repository)) for repository in tree.repositories]
    users = Counter(digest for needed in tagged for digest in needed)
    referenced = frozenset(users).union(*linked)
    manifests: frozenset[Digest] = frozenset().union(*(each.revisions for each in tree.repositories))
    unreferenced = frozenset(tree.blobs) - referenced
    rows = [
        _of_repository(tree, repository, mine, needs, users)
        for repository, mine in zip(tree.repositories, tagged, strict=True)
    ]
    return Space(
        needed=_size(tree, users),
        untagged=_size(tree, referenced - users.keys()),
        unreferenced=_size(tree, unreferenced),
        misplaced=sum(blob.size for blob in tree.odd_blobs),
        unreferenced_blobs=unreferenced,
        untagged_manifests=manifests - users.keys(),
        unknown_manifests=len(needs.unknown(manifests.union(*(each.currents.values() for each in tree.repositories)))),
        uploads=_together(row.uploads for row in rows),
        repositories=tuple(sorted(rows, key=lambda row: (-row.unneeded - row.uploads.size, row.name))),
    )


def _named_by_tags(repository: Repository) -> Iterator[Digest]:
    """What tags name, and all that a tag with a wrong link, or none, may have named: a repair can bring it back."""
    yield from repository.currents.values()
    for tag in repository.tags - repository.currents.keys():
        yield from repository.indexed.get(tag, ())
        yield from repository.folders.get(tag, ())
    for odd in repository.odd:
        if odd.role in (LinkRole.CURRENT, LinkRole.INDEX) and odd.tag not in repository.currents:
            yield from filter(None, (odd.digest, odd.text_digest))


def _linked_manifests(repository: Repository) -> Iterator[Digest]:
    """Every manifest that a link names, be it a wrong one."""
    yield from repository.revisions
    yield from repository.currents.values()
    for odd in repository.odd:
        if odd.role is LinkRole.REVISION:
            yield from filter(None, (odd.digest, odd.text_digest))


class _Needs:
    """What manifests name, at any depth."""

    def __init__(self, manifests: Mapping[Digest, Manifest]) -> None:
        self._manifests = manifests

    def closure(self, manifests: Iterable[Digest]) -> set[Digest]:
        """The manifests, and everything that they need."""
        needed: set[Digest] = set()
        waiting = list(manifests)
        while waiting:
            digest = waiting.pop()
            if digest in needed:
                continue
            needed.add(digest)
            if manifest := self._manifests.get(digest):
                waiting += (need.digest for need in manifest.needs)
        return needed

    def unknown(self, manifests: Iterable[Digest]) -> set[Digest]:
        """The manifests, and children of these, of which nothing can be read."""
        known = self._manifests
        children = {
            need.digest
            for digest in manifests
            for need in (known[digest].needs if digest in known else ())
            if need.role is Role.CHILD and not need.is_dispensable
        }
        return {digest for digest in children.union(manifests) if digest not in known or known[digest].error}


def _of_repository(
    tree: Tree, repository: Repository, tagged: set[Digest], needs: _Needs, users: Counter[Digest]
) -> RepositorySpace:
    named = needs.closure(_linked_manifests(repository))
    shared = {digest for digest in tagged if users[digest] > 1}
    return RepositorySpace(
        name=repository.name,
        own=_size(tree, tagged - shared),
        shared=_size(tree, shared),
        # Not a difference of sets: that would go through everything that any tag needs, for each repository.
        unneeded=_size(tree, (digest for digest in named | repository.layers if digest not in users)),
        links=len(repository.layers - named),
        uploads=_together(_uploads(tree.layout, repository)),
    )


def _size(tree: Tree, digests: Iterable[Digest]) -> int:
    return sum(tree.blobs.get(digest, 0) for digest in digests)


def _together(uploads: Iterable[Uploads]) -> Uploads:
    count, size, oldest = 0, 0, None
    for each in uploads:
        count, size = count + each.count, size + each.size
        oldest = min(filter(None, (oldest, each.oldest)), default=None)
    return Uploads(count, size, oldest)


def _uploads(layout: Layout, repository: Repository) -> Iterator[Uploads]:
    folder = layout.key(f"{REPOSITORIES}/{repository.name}/{UPLOADS}")
    with suppress(OSError):
        for entry in layout.store.list(folder):
            if entry.kind is EntryKind.FOLDER:
                yield _upload(layout.store, joined(folder, entry.name))


def _upload(store: Store, folder: str) -> Uploads:
    size, began = 0, None
    with suppress(OSError):
        size = store.stat(joined(folder, DATA)).size
    with suppress(OSError, ValueError):
        text = store.head(joined(folder, STARTED_AT), _MAX_TIME).decode("ascii", "replace").strip()
        began = datetime.fromisoformat(text)
    return Uploads(1, size, began.replace(tzinfo=began.tzinfo or UTC) if began else None)
