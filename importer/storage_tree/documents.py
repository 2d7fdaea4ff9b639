"""What a manifest in a storage tree needs, in few words: a registry may hold fifty thousand of them."""

from __future__ import annotations

from dataclasses import dataclass

from importer.domain import media_types
from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.formats.documents import Document, parse_document
from importer.formats.signatures import MANIFEST_KINDS, FileKind
from importer.plan.blobs import Role


@dataclass(frozen=True, slots=True)
class Need:
    """A blob or a child that a manifest names.

    Attributes:
        size: bytes, as the manifest says.
        is_dispensable: whether registries do without it: foreign layers and attestations.
        platform: of a child, in words.
    """

    digest: Digest
    size: int
    media_type: str
    role: Role
    is_dispensable: bool = False
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A document that stands, or pretends to stand, for an image.

    Attributes:
        needs: what it names; empty for one that no registry can read.
        declares_type: whether it says what it is (``mediaType``).
        is_docker: whether its config is docker's.
        error: why a registry can't use it; None when it can.
    """

    kind: FileKind
    needs: tuple[Need, ...] = ()
    declares_type: bool = True
    is_docker: bool = False
    error: str | None = None


def read_manifest(content: bytes) -> Manifest | None:
    """Read a document; None when it isn't a manifest of any kind, damaged ones included."""
    document = parse_document(content)
    if document.kind not in MANIFEST_KINDS:
        return None
    if document.kind is FileKind.SCHEMA1:
        return Manifest(document.kind, _schema1_needs(document))
    if document.manifest:
        config = document.manifest.config
        needs = (_need(config, Role.CONFIG), *(_need(layer, Role.LAYER) for layer in document.manifest.layers))
        is_docker = config.media_type == media_types.DOCKER_CONFIG
        return Manifest(document.kind, needs, bool(document.media_type), is_docker)
    if document.index:
        needs = tuple(_need(child, _role_in_index(child)) for child in document.index.children)
        return Manifest(document.kind, needs, bool(document.media_type))
    reason = "docker save's" if document.kind is FileKind.DOCKER_SAVE_MANIFEST else document.error or "not readable"
    return Manifest(document.kind, error=reason)


def _role_in_index(entry: Descriptor) -> Role:
    return Role.LAYER if media_types.is_blob(entry.media_type) else Role.CHILD


def _need(descriptor: Descriptor, role: Role) -> Need:
    is_attestation = role is Role.CHILD and bool(descriptor.platform and descriptor.platform.is_unknown)
    platform = str(descriptor.platform) if descriptor.platform else ""
    is_dispensable = is_attestation or bool(descriptor.web_urls)
    return Need(descriptor.digest, descriptor.size, descriptor.media_type, role, is_dispensable, platform)


def _schema1_needs(document: Document) -> tuple[Need, ...]:
    layers = document.value.get("fsLayers") if isinstance(document.value, dict) else None
    sums = [layer.get("blobSum") for layer in layers if isinstance(layer, dict)] if isinstance(layers, list) else []
    digests = {digest for text in sums if isinstance(text, str) and (digest := _digest(text))}
    return tuple(Need(digest, -1, media_types.DOCKER_LAYER_GZIP, Role.LAYER) for digest in sorted(digests))


def _digest(text: str) -> Digest | None:
    try:
        return Digest.parse(text)
    except ValueError:
        return None
