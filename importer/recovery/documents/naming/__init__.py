"""Names of images, from the evidence that each layout leaves.

A kind of evidence is one module with a function that yields digests and their names. To add one,
write the module and name it in ``_EVIDENCE``.
"""

from collections.abc import Callable, Iterator, Mapping

from importer.domain.digest import Digest
from importer.domain.reference import Reference
from importer.inventory.inventory import Inventory
from importer.recovery.documents.naming import (
    artifactory_paths,
    artifactory_properties,
    docker_save,
    nexus_properties,
    oci_annotations,
    registry_links,
)

NamedDigest = tuple[Digest, Reference]
"""The digest of a manifest or a config, and a name it goes by."""

_EVIDENCE: tuple[Callable[[Inventory], Iterator[NamedDigest]], ...] = (
    artifactory_properties.names,
    docker_save.names,
    oci_annotations.names,
    registry_links.names,
    nexus_properties.names,
    artifactory_paths.names,
)


def names_by_digest(inventory: Inventory) -> Mapping[Digest, tuple[Reference, ...]]:
    """All names of all manifests and configs, sorted; what the layout says outweighs the place of a file."""
    names: dict[Digest, dict[Reference, None]] = {}
    for names_in in _EVIDENCE:
        found: dict[Digest, dict[Reference, None]] = {}
        for digest, name in names_in(inventory):
            found.setdefault(digest, {})[name] = None
        for digest, said in found.items():
            names.setdefault(digest, said)
    return {digest: tuple(sorted(said, key=str)) for digest, said in names.items()}


__all__ = ["names_by_digest"]
