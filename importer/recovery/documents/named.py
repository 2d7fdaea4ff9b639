"""Manifests that something in the input names by their digest.

The table of contents of an OCI layout, a tag of a registry's storage: each promises a manifest. One that isn't
there would vanish in silence, since nothing else speaks of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from importer.domain import media_types
from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.domain.reference import Reference
from importer.inventory.inventory import Inventory
from importer.plan.blobs import BlobPlan, MissingBlob, Role, SavedManifest, UnreadableBlob, WantedBlob
from importer.plan.causes import ConfigMissing, Missing
from importer.plan.images import ContainerImage, ImageIndex, ImagePlan
from importer.recovery.blobs.finding import BlobFinder
from importer.recovery.documents.naming.docker_save import save_entries
from importer.recovery.documents.naming.registry_links import tags
from importer.recovery.documents.wanted import NAME_ANNOTATIONS, layout_indexes

UNKNOWN_SIZE: Final = 0
"""The size (bytes) in the descriptor of what is known by its digest alone: no manifest, config or layer is empty."""


@dataclass(frozen=True, slots=True)
class NamedManifest:
    """A manifest by its descriptor, and what names it, in plain words."""

    descriptor: Descriptor
    named_by: str


def named_manifests(inventory: Inventory) -> Iterator[NamedManifest]:
    """Everything that layouts and tags among the user's own files name, each digest once, the layouts' first."""
    seen: set[Digest] = set()
    for named in (*_in_layouts(inventory), *_in_tags(inventory)):
        if named.descriptor.digest not in seen:
            seen.add(named.descriptor.digest)
            yield named


def _in_layouts(inventory: Inventory) -> Iterator[NamedManifest]:
    for fact, index in layout_indexes(inventory):
        if not fact.file.borrowed:
            yield from (NamedManifest(child, _by_layout(child)) for child in index.children)


def _by_layout(child: Descriptor) -> str:
    name = next((child.annotations[key] for key in NAME_ANNOTATIONS if key in child.annotations), None)
    return f"the layout's index.json (as {name})" if name else "the layout's index.json"


def _in_tags(inventory: Inventory) -> Iterator[NamedManifest]:
    for fact, digest, name in tags(inventory):
        if not fact.file.borrowed:
            descriptor = Descriptor(media_types.OCI_MANIFEST, digest, UNKNOWN_SIZE)
            yield NamedManifest(descriptor, f"the registry's tag {name.tag}")


def missing_manifests(
    inventory: Inventory,
    finder: BlobFinder,
    plans: Iterable[ImagePlan],
    names: Mapping[Digest, tuple[Reference, ...]],
) -> Iterator[ImagePlan]:
    """An image of which nothing but its name and its digest is known, for each named manifest that isn't here.

    Args:
        inventory: what there is.
        finder: looks for what is left of the manifests.
        plans: the images whose manifests are here, whole or hurt.
        names: all that is known of names.
    """
    known = {plan.manifest.descriptor.digest for plan in plans}
    remains = {plan.manifest.file.file.path for plan in plans if plan.manifest.file}
    for named in named_manifests(inventory):
        descriptor = named.descriptor
        if descriptor.digest in known or inventory.with_digest(descriptor.digest):
            continue
        blob = finder.find(WantedBlob(descriptor, Role.MANIFEST))
        if _is_dispensable(blob) or (blob.file and blob.file.file.path in remains):
            continue
        kind = ImageIndex if descriptor.media_type in media_types.INDEX_TYPES else ContainerImage
        yield kind(
            manifest=blob,
            parsed=None,
            names=names.get(descriptor.digest, ()),
            proofs=(named.named_by,),
            platform=descriptor.platform,
        )


def missing_saves(inventory: Inventory, finder: BlobFinder, plans: Iterable[ImagePlan]) -> Iterator[ImagePlan]:
    """An image of which only its tags are known, for each entry of a docker save whose config isn't here."""
    known = {plan.image_id for plan in plans}
    for saved in save_entries(inventory):
        digest = Digest.from_name(PurePosixPath(saved.config).name)
        if digest is None or digest in known or inventory.with_digest(digest):
            continue
        config = finder.find(WantedBlob(Descriptor(media_types.DOCKER_CONFIG, digest, UNKNOWN_SIZE), Role.CONFIG))
        own = Descriptor(media_types.DOCKER_MANIFEST, saved.manifest.digest, saved.manifest.size)
        manifest = SavedManifest(WantedBlob(own, Role.MANIFEST), saved.manifest)
        config = _config_at(config, saved.manifest.file.folder + saved.config)
        yield ContainerImage(manifest=manifest, parsed=None, blobs=(config,), names=tuple(saved.names))


def _config_at(config: BlobPlan, path: str) -> BlobPlan:
    """A config that isn't here, with the place where it should lie."""
    match config:
        case MissingBlob(wanted, cause):
            return MissingBlob(wanted, ConfigMissing() if isinstance(cause, Missing) else cause, path)
        case UnreadableBlob(wanted, cause):
            return UnreadableBlob(wanted, cause, path)
    return config


def _is_dispensable(blob: BlobPlan) -> bool:
    """Whether it only describes how another image was built."""
    platform = blob.descriptor.platform
    return platform is not None and platform.is_unknown
