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


def names(inventory: Inventory) -> Iterator[NamedDigest]:
    """The name of each manifest in a store of layouts: the repository below its root, and the tag in the layout.

    A layout that stands alone tells no name: what its folder is called may mean anything.
    """
    layouts = [(fact, index) for fact, index in layout_indexes(inventory) if len(fact.file.parts) > 1]
    roots = {fact.file.folder: fact.file.parts[:-1] for fact in inventory.facts if fact.file.name in _DATABASES}
    has_several = len({fact.file.folder for fact, _ in layouts}) > 1
    for fact, index in layouts:
        repository = _below_root(fact, roots, has_several=has_several)
        if repository:
            for child in index.children:
                yield child.digest, _name_of(child, repository)


def _below_root(fact: FileFacts, roots: Mapping[str, tuple[str, ...]], *, has_several: bool) -> str | None:
    """The layout's folder below that of the store's database; below the PATH where none is here, but other layouts."""
    folders = fact.file.parts[:-1]
    above = [parts for root, parts in roots.items() if fact.file.folder.startswith(root)]
    if not above and not has_several:
        return None
    repository = "/".join(folders[max(map(len, above), default=0) :])
    return repository if is_repository(repository) else None


def _name_of(child: Descriptor, repository: str) -> Reference | Repository:
    tag = next((child.annotations[key] for key in NAME_ANNOTATIONS if key in child.annotations), "")
    try:
        return Reference.of_repository(repository, tag)
    except ValueError:
        return Repository(repository)
