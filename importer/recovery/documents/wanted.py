"""What the documents of an inventory want, at a glance: enough to know what is still to be explained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from importer.domain.config import ImageConfig
from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.domain.manifest import ImageManifest, Index
from importer.domain.media_types import DOCKER_LAYER_GZIP
from importer.domain.schema1 import Schema1Manifest
from importer.domain.well_known import WELL_KNOWN_BLOBS
from importer.inspection.file_facts import FileFacts
from importer.inventory.inventory import Inventory, file_beside

NAME_ANNOTATIONS: Final = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
"""The annotations under which a layout keeps a manifest's name: the full one of containerd first.

Sources: containerd, core/images/annotations.go; OCI image-spec, annotations.md.
"""


@dataclass(frozen=True, slots=True)
class WantedBlobs:
    """What all manifests and indexes of the input point at.

    Attributes:
        digests: of every blob and child.
        unresolved: those that no file is and no knowledge makes.
    """

    digests: frozenset[Digest]
    unresolved: tuple[Descriptor, ...]


def manifests_of(inventory: Inventory) -> Iterator[tuple[FileFacts, ImageManifest]]:
    """The image manifests among the user's own files, each file of them."""
    for fact in inventory.facts:
        if fact.document and fact.document.manifest and not fact.file.borrowed:
            yield fact, fact.document.manifest


def indexes_of(inventory: Inventory) -> Iterator[tuple[FileFacts, Index]]:
    """The indexes among the user's own files that stand for an image."""
    for fact in inventory.facts:
        if fact.document and fact.document.index and not fact.file.borrowed and not is_layout_index(inventory, fact):
            yield fact, fact.document.index


def layout_indexes(inventory: Inventory) -> Iterator[tuple[FileFacts, Index]]:
    """The tables of contents of OCI layouts, which no digest names."""
    for fact in inventory.facts:
        if fact.document and fact.document.index and is_layout_index(inventory, fact):
            yield fact, fact.document.index


def is_layout_index(inventory: Inventory, fact: FileFacts) -> bool:
    """Whether the file is the ``index.json`` of an OCI layout (image-spec, image-layout.md).

    Beside it lies an ``oci-layout``; where that was lost, the names that it gives its manifests tell it.
    """
    if fact.file.name != "index.json":
        return False
    children = fact.document.index.children if fact.document and fact.document.index else ()
    is_naming = any(not child.annotations.keys().isdisjoint(NAME_ANNOTATIONS) for child in children)
    return is_naming or file_beside(inventory, fact.file, "oci-layout") is not None


def has_contradictions(inventory: Inventory) -> bool:
    """Whether a manifest and its config, which is here, count different layers."""
    counts = {
        fact.digest: len(fact.document.config.diff_ids)
        for fact in inventory.facts
        if fact.document and fact.document.config
    }
    return any(counts.get(m.config.digest, len(m.layers)) != len(m.layers) for _, m in manifests_of(inventory))


def schema1_manifests_of(inventory: Inventory) -> Iterator[tuple[FileFacts, Schema1Manifest]]:
    """The schema 1 manifests among the user's own files that have no newer form in the same folder.

    Old Artifactory versions kept one beside the list.manifest.json of the same tag.
    """
    newer = {fact.file.parts[:-1] for fact, _ in (*manifests_of(inventory), *indexes_of(inventory))}
    for fact in inventory.facts:
        document = fact.document
        if document and document.schema1 and not fact.file.borrowed and fact.file.parts[:-1] not in newer:
            yield fact, document.schema1


def orphan_configs(inventory: Inventory) -> tuple[FileFacts, ...]:
    """The user's own configs that no manifest wants, each digest once."""
    wanted = {manifest.config.digest for _, manifest in manifests_of(inventory)}
    orphans = {
        fact.digest: fact
        for fact in reversed(inventory.facts)
        if fact.document and fact.document.config and not fact.file.borrowed and fact.digest not in wanted
    }
    return tuple(orphans.values())


def wanted_blobs(inventory: Inventory) -> WantedBlobs:
    """Collect what is wanted and what of it isn't simply there."""
    descriptors: dict[Digest, Descriptor] = {}
    for _, manifest in manifests_of(inventory):
        descriptors |= {descriptor.digest: descriptor for descriptor in manifest.blobs}
    for _, index in indexes_of(inventory):
        descriptors |= {child.digest: child for child in index.children}
    for _, old in schema1_manifests_of(inventory):
        for layer in old.layers:
            descriptors.setdefault(layer.digest, Descriptor(DOCKER_LAYER_GZIP, layer.digest, 0))
    unresolved = (
        descriptor
        for digest, descriptor in descriptors.items()
        if not inventory.with_digest(digest) and digest not in WELL_KNOWN_BLOBS
    )
    return WantedBlobs(frozenset(descriptors), tuple(unresolved))


def diff_ids_of(manifest: ImageManifest, config: ImageConfig | None) -> tuple[Digest | None, ...]:
    """The diff_id of each layer, by position; None where the config gives none."""
    layers = len(manifest.layers)
    if not config or len(config.diff_ids) != layers:
        return (None,) * layers
    return config.diff_ids
