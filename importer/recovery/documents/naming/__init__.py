"""Names of images, from the evidence that each layout leaves.

A kind of evidence is one module with a function that yields digests and their names. To add one, write the module
and name it in ``_EVIDENCE``; one that goes by the place of the manifest alone is a function in ``manifest_places``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from importer.domain.digest import Digest
from importer.domain.reference import Reference, Repository
from importer.inventory.inventory import Inventory
from importer.recovery.documents.naming import (
    artifactory_paths,
    artifactory_properties,
    docker_save,
    layout_folders,
    manifest_places,
    nexus_properties,
    oci_annotations,
    registry_links,
)
from importer.recovery.documents.naming.evidence import NamedDigest

_EVIDENCE: Final[tuple[Callable[[Inventory], Iterator[NamedDigest]], ...]] = (
    artifactory_properties.names,
    docker_save.names,
    oci_annotations.names,
    registry_links.names,
    nexus_properties.names,
    layout_folders.names,
    manifest_places.names,
    artifactory_paths.names,
)


@dataclass(frozen=True, slots=True)
class Names:
    """What manifests and configs are called, by their digests; sorted.

    Attributes:
        references: their names.
        repositories: where they belong, whether or not a tag is known as well.
    """

    references: Mapping[Digest, tuple[Reference, ...]]
    repositories: Mapping[Digest, tuple[Repository, ...]]


def names_in(inventory: Inventory) -> Names:
    """All names of all manifests and configs; what the layout says outweighs the place of a file."""
    references: dict[Digest, dict[Reference, None]] = {}
    repositories: dict[Digest, dict[Repository, None]] = {}
    for evidence in _EVIDENCE:
        found: dict[Digest, dict[Reference, None]] = {}
        for digest, name in evidence(inventory):
            if isinstance(name, Reference):
                found.setdefault(digest, {})[name] = None
            else:
                repositories.setdefault(digest, {})[name] = None
        for digest, said in found.items():
            references.setdefault(digest, said)
    return Names(
        {digest: tuple(sorted(said, key=str)) for digest, said in references.items()},
        {digest: tuple(sorted(said, key=str)) for digest, said in repositories.items()},
    )


__all__ = ["Names", "names_in"]
