"""Images without a manifest: a config lists the contents of its layers, so the layers can be found.

What comes out is the same image for docker, whose image id is the config's digest. The manifest is
written in each writer's form, and is the original exactly when a known digest says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from importer.domain import media_types
from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.domain.manifest import ImageManifest
from importer.domain.media_types import Compression
from importer.domain.well_known import WELL_KNOWN_BLOBS
from importer.formats.decoders import can_decompress
from importer.formats.documents import Document, read_document
from importer.formats.json_text import json_bytes
from importer.inspection.content import compression_of_kind
from importer.inspection.examiner import Examiner
from importer.inspection.file_facts import FileFacts
from importer.inventory.inventory import Inventory, claimed_digest, file_beside
from importer.inventory.known_digests import KnownDigests
from importer.plan.blobs import (
    BlobPlan,
    DamagedBlob,
    MissingBlob,
    PresentBlob,
    ProvenBlob,
    RepairedBlob,
    Role,
    SavedManifest,
    WantedBlob,
)
from importer.plan.causes import ContentMissing, DigestMismatch, ManifestMissing, WellKnown
from importer.plan.content import content_of, literal, whole_file
from importer.plan.flaws import LayerCountMismatch
from importer.plan.images import ContainerImage, ImagePlan
from importer.recovery.blobs.restoration import restorations
from importer.recovery.documents.named import named_manifests
from importer.recovery.documents.naming.docker_save import SavedImage, saved_images
from importer.recovery.documents.naming.registry_links import revisions
from importer.recovery.documents.saved_layers import saved_layer
from importer.recovery.documents.wanted import indexes_of, orphan_configs
from importer.recovery.obstacles import obstacles_of

_DOCKER_TYPES: Final = {
    Compression.GZIP: media_types.DOCKER_LAYER_GZIP,
    Compression.NONE: media_types.DOCKER_LAYER,
    Compression.ZSTD: media_types.OCI_LAYER_ZSTD,
}
_OCI_TYPES: Final = {
    Compression.GZIP: media_types.OCI_LAYER_GZIP,
    Compression.NONE: media_types.OCI_LAYER,
    Compression.ZSTD: media_types.OCI_LAYER_ZSTD,
}


@dataclass(frozen=True, slots=True)
class ManifestForm:
    """A manifest as one program writes it."""

    media_type: str
    content: bytes
    writer: str


def rebuild_images(
    inventory: Inventory,
    known: KnownDigests,
    plans: Iterable[ImagePlan],
    taken: frozenset[str],
    examiner: Examiner,
) -> Iterator[ContainerImage]:
    """Plan an image for each config that no manifest wants and that has a layer here.

    Args:
        inventory: what there is.
        known: digests that may prove a rebuilt manifest.
        plans: the images that have a manifest.
        taken: paths of files that those explain; a config among them is no image of its own.
        examiner: reads configs whose text was changed.
    """
    plans = tuple(plans)
    alone = not any(plan.parsed for plan in plans)
    saved = {config.digest: image for config, image in saved_images(inventory)}
    for fact in orphan_configs(inventory):
        is_named = fact.digest in saved and saved[fact.digest].config_digest == fact.digest
        expected = frozenset({fact.digest}) if is_named else known.expected_of(fact)
        blob, document = _config(fact, expected, examiner)
        config = document.config if document else None
        if not document or not config or fact.file.path in taken:
            continue
        if fact.digest not in saved and _is_copy_of_another(fact, plans):
            continue
        layers = tuple(_layer(inventory, diff_id, position) for position, diff_id in enumerate(config.diff_ids))
        if alone or fact.digest in saved or any(layer.content for layer in layers):
            rebuilt = _rebuilt(blob, document, layers, _provable(inventory, known, fact))
            yield _as_saved(inventory, rebuilt, saved[fact.digest], examiner) if fact.digest in saved else rebuilt


def with_saved_forms(inventory: Inventory, plans: Iterable[ImagePlan], examiner: Examiner) -> Iterator[ImagePlan]:
    """The plans; where manifest and config contradict each other, docker save's own manifest may still tell the image.

    Docker's loader reads that one alone. Source: moby#47065, where docker save wrote ``layers: []`` for registries.
    """
    saved = {config.digest: image for config, image in saved_images(inventory)}
    for plan in plans:
        is_contradicted = any(isinstance(flaw, LayerCountMismatch) for flaw in plan.flaws)
        if is_contradicted and isinstance(plan, ContainerImage) and plan.image_id in saved:
            yield _with_saved_form(inventory, plan, saved[plan.image_id], examiner)
        else:
            yield plan


def _with_saved_form(
    inventory: Inventory, plan: ContainerImage, saved: SavedImage, examiner: Examiner
) -> ContainerImage:
    config, document, blob = plan.config, plan.config_document, plan.config_blob
    if not config or not document or not blob or not blob.is_here:
        return plan
    layers = tuple(_layer(inventory, diff_id, position) for position, diff_id in enumerate(config.diff_ids))
    return replace(plan, saved=_as_saved(inventory, _rebuilt(blob, document, layers, frozenset()), saved, examiner))


def _is_copy_of_another(fact: FileFacts, plans: Iterable[ImagePlan]) -> bool:
    """Whether a config is only a changed copy of one that an image has: named after it, or the same in other words."""
    here = [blob for plan in plans if (blob := plan.config_blob) and blob.is_here]
    if claimed_digest(fact.file) in {blob.descriptor.digest for blob in here}:
        return True
    documents = (blob.file.document for blob in here if blob.file)
    return any(_says_the_same(fact.document, other) for other in documents)


def _says_the_same(config: Document | None, other: Document | None) -> bool:
    # Most differ in what is parsed already.
    return bool(config and other and config.config == other.config and config.value == other.value)


def _config(fact: FileFacts, expected: Collection[Digest], examiner: Examiner) -> tuple[BlobPlan, Document | None]:
    """The config as a blob, held against the digests that docker save's manifest, its name or a note gives it."""
    descriptor = Descriptor(media_types.DOCKER_CONFIG, fact.digest, fact.size)
    if not expected or fact.digest in expected:
        return PresentBlob(WantedBlob(descriptor, Role.CONFIG), whole_file(fact), fact), fact.document
    for restoration in restorations(examiner.text_of(fact)):
        digest = Digest.of(restoration.content)
        if digest in expected:
            proven = literal(restoration.content)
            wanted = WantedBlob(replace(descriptor, digest=digest, size=proven.size), Role.CONFIG)
            return RepairedBlob(wanted, proven, restoration.cause, fact), read_document(restoration.content)
    wanted = WantedBlob(replace(descriptor, digest=next(iter(expected))), Role.CONFIG)
    return DamagedBlob(wanted, fact, DigestMismatch(fact.digest, fact.size, fact.kind)), fact.document


def _rebuilt(
    config_blob: BlobPlan, config_document: Document, layers: tuple[BlobPlan, ...], digests: frozenset[Digest]
) -> ContainerImage:
    config, descriptor = config_document.config, config_blob.descriptor
    forms = list(manifest_forms(descriptor, layers))
    form = next((form for form in forms if Digest.of(form.content) in digests), forms[0])
    digest = Digest.of(form.content)
    is_proven = digest in digests and all(blob.exact for blob in (config_blob, *layers))
    wanted = WantedBlob(Descriptor(form.media_type, digest, len(form.content)), Role.MANIFEST)
    manifest = (
        RepairedBlob(wanted, literal(form.content), ManifestMissing(form.writer))
        if is_proven
        else MissingBlob(wanted, ManifestMissing())
    )
    parsed = ImageManifest(form.media_type, descriptor, tuple(layer.descriptor for layer in layers))
    return ContainerImage(
        manifest=manifest,
        parsed=parsed,
        document=read_document(form.content) if is_proven else None,
        config=config,
        config_document=config_document,
        blobs=(config_blob, *layers),
        proofs=("a digest known beforehand",) if is_proven else (),
        flaws=tuple(obstacles_of(parsed, config, layers)) if config else (),
        platform=config.platform if config else None,
    )


def _as_saved(inventory: Inventory, image: ContainerImage, saved: SavedImage, examiner: Examiner) -> ContainerImage:
    """An image of docker save: its own kind of manifest stands where a registry's never was, and names the files."""
    if image.manifest.is_here:
        return image
    manifest = SavedManifest(image.manifest.wanted, saved.manifest)
    blobs = tuple(_where_saved(inventory, blob, saved, examiner) for blob in image.blobs)
    return replace(image, manifest=manifest, blobs=blobs)


def _where_saved(inventory: Inventory, layer: BlobPlan, saved: SavedImage, examiner: Examiner) -> BlobPlan:
    """A layer that isn't here, with what lies, or should lie, where the manifest says."""
    position, manifest = layer.position, saved.manifest
    is_missing = isinstance(layer, MissingBlob) and isinstance(layer.cause, ContentMissing)
    if not is_missing or position is None or position >= len(saved.layers):
        return layer
    fact = file_beside(inventory, manifest.file, saved.layers[position])
    if fact:
        return saved_layer(layer.wanted, fact, examiner)
    return MissingBlob(layer.wanted, ContentMissing(), manifest.file.folder + saved.layers[position])


def manifest_forms(config: Descriptor, layers: Iterable[BlobPlan]) -> Iterator[ManifestForm]:
    """The manifest of a config and its layers, as each program writes it; docker's comes first."""
    descriptors = [layer.descriptor for layer in layers]
    docker = {
        "schemaVersion": 2,
        "mediaType": media_types.DOCKER_MANIFEST,
        "config": _docker_entry(config, media_types.DOCKER_CONFIG),
        "layers": [_docker_entry(layer, _DOCKER_TYPES[_compression(layer)]) for layer in descriptors],
    }
    yield ManifestForm(media_types.DOCKER_MANIFEST, json_bytes(docker, indent=3), "docker")
    yield ManifestForm(media_types.DOCKER_MANIFEST, json_bytes(docker), "go-containerregistry")
    body = {
        "config": _oci_entry(config, media_types.OCI_CONFIG),
        "layers": [_oci_entry(layer, _OCI_TYPES[_compression(layer)]) for layer in descriptors],
    }
    typed = {"schemaVersion": 2, "mediaType": media_types.OCI_MANIFEST, **body}
    yield ManifestForm(media_types.OCI_MANIFEST, json_bytes(typed, indent=2), "BuildKit")
    yield ManifestForm(media_types.OCI_MANIFEST, json_bytes(typed), "buildah or skopeo")
    yield ManifestForm(media_types.OCI_MANIFEST, json_bytes({"schemaVersion": 2, **body}), "an older buildah or skopeo")


def _layer(inventory: Inventory, diff_id: Digest, position: int) -> BlobPlan:
    for fact in inventory.with_content(diff_id):
        content = content_of(fact)
        if content and can_decompress(fact.kind):
            return _present(fact, content, position)
    for fact in inventory.with_digest(diff_id):
        return _present(fact, replace(whole_file(fact), digest=diff_id), position)
    descriptor = Descriptor(media_types.DOCKER_LAYER_GZIP, diff_id, 0)
    known = WELL_KNOWN_BLOBS.get(diff_id)
    if not known:
        return MissingBlob(WantedBlob(descriptor, Role.LAYER, position, diff_id), ContentMissing())
    empty = literal(known.content)
    wanted = WantedBlob(replace(descriptor, size=empty.size), Role.LAYER, position, diff_id)
    return RepairedBlob(wanted, empty, WellKnown(known.description), content=empty)


def _present(fact: FileFacts, content: ProvenBlob, position: int) -> BlobPlan:
    media_type = _DOCKER_TYPES[compression_of_kind(fact.kind)]
    wanted = WantedBlob(Descriptor(media_type, fact.digest, fact.size), Role.LAYER, position, content.digest)
    return PresentBlob(wanted, whole_file(fact), fact, content)


def _provable(inventory: Inventory, known: KnownDigests, config: FileFacts) -> frozenset[Digest]:
    """Digests that nobody has and that the lost manifest may have had."""
    digests = set(known.given)
    digests |= {child.digest for _, index in indexes_of(inventory) for child in index.children}
    digests |= {named.descriptor.digest for named in named_manifests(inventory)}
    digests |= set(revisions(inventory))
    for fact in inventory.facts:
        if fact.file.parts[:-1] == config.file.parts[:-1] and "manifest" in fact.file.name.lower():
            digests |= known.expected_of(fact).keys()
    digests |= {digest for folder in config.file.parts[:-1] if (digest := Digest.from_name(folder))}
    return frozenset(digest for digest in digests if not inventory.with_digest(digest))


def _compression(layer: Descriptor) -> Compression:
    return media_types.compression_of(layer.media_type) or Compression.GZIP


def _docker_entry(descriptor: Descriptor, media_type: str) -> dict[str, Any]:
    return {"mediaType": media_type, "size": descriptor.size, "digest": str(descriptor.digest)}


def _oci_entry(descriptor: Descriptor, media_type: str) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": str(descriptor.digest), "size": descriptor.size}
