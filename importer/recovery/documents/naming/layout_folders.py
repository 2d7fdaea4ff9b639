"""Names from where OCI layouts lie, in stores that keep one for each repository: the folder says which.

Source: zot, pkg/storage/imagestore/imagestore.go (a layout at ``<root>/<repository>``, the tag alone in
``org.opencontainers.image.ref.name``) and pkg/storage/cache/boltdb.go (``<root>/cache.db``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from importer.domain.descriptor import Descriptor
from importer.domain.reference import Reference, Repository, is_repository
from importer.inspection.file_facts import FileFacts
from importer.inventory.inventory import Inventory
from importer.recovery.documents.naming.evidence import NamedDigest
from importer.recovery.documents.wanted import NAME_ANNOTATIONS, layout_indexes

_DATABASES: Final = frozenset({"cache.db", "meta.db"})
_BLOBS: Final = ("blobs", "sha256")


def names(inventory: Inventory) -> Iterator[NamedDigest]:
    """The name of each manifest in a store of layouts: the repository below its root, and the tag in the layout.

    Other layouts tell no name: what their folders are called may mean anything. Without its database, a store is
    known by blobs that are empty in one layout because another one has them.
    """
    layouts = [(fact, index) for fact, index in layout_indexes(inventory) if len(fact.file.parts) > 1]
    roots = {fact.file.folder: fact.file.parts[:-1] for fact in inventory.facts if fact.file.name in _DATABASES}
    shares_blobs = any(not fact.size and fact.file.parts[-3:-1] == _BLOBS for fact in inventory.facts)
    for fact, index in layouts:
        repository = _below_root(fact, roots, shares_blobs=shares_blobs)
        if repository:
            for child in index.children:
                yield child.digest, _name_of(child, repository)


def _below_root(fact: FileFacts, roots: Mapping[str, tuple[str, ...]], *, shares_blobs: bool) -> str | None:
    """The layout's folder below that of the store's database; below the PATH where none is here, but shared blobs."""
    folders = fact.file.parts[:-1]
    above = [parts for root, parts in roots.items() if fact.file.folder.startswith(root)]
    if not above and not shares_blobs:
        return None
    repository = "/".join(folders[max(map(len, above), default=0) :])
    return repository if is_repository(repository) else None


def _name_of(child: Descriptor, repository: str) -> Reference | Repository:
    tag = next((child.annotations[key] for key in NAME_ANNOTATIONS if key in child.annotations), "")
    try:
        return Reference.of_repository(repository, tag)
    except ValueError:
        return Repository(repository)
