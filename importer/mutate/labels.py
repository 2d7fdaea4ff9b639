"""Layers whose media type doesn't say how they are packed, and manifests in which it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from importer.domain import media_types
from importer.domain.manifest import Index
from importer.domain.media_types import Compression, compression_of, with_compression
from importer.formats.signatures import COMPRESSED_KINDS, FileKind
from importer.inspection.content import compression_of_kind
from importer.mutate.oci_types import manifest_in_oci_types
from importer.mutate.renewal import with_changed_documents
from importer.plan.blobs import BlobPlan, PresentBlob
from importer.plan.images import ImagePlan

_PACKED: Final = COMPRESSED_KINDS | {FileKind.TAR}


@dataclass(frozen=True, slots=True)
class WrongLabel:
    """What a layer's media type says, what its bytes are, and the type that says so; None when there is none.

    Docker's own format has no type for zstd: a layer that is called so there is labelled wrong, too.
    """

    declared: Compression
    actual: Compression
    right_type: str | None


def wrong_label(layer: BlobPlan) -> WrongLabel | None:
    """What is wrong with the media type of a layer that is here as it is; None when nothing is."""
    return _wrong_label(layer, layer.kind) if isinstance(layer, PresentBlob) else None


def with_right_labels(plan: ImagePlan) -> ImagePlan:
    """The plan of the same image in which each layer's media type says how it is packed; itself when all do.

    Config and layers, and so the image id, stay; the manifest's digest, and an index's, are new. A manifest of
    docker's becomes one of OCI's when a layer is packed in a way that docker's has no type for.
    """
    return with_changed_documents(plan, _labelled)


def _labelled(plan: ImagePlan, value: dict[str, Any]) -> dict[str, Any]:
    if isinstance(plan.parsed, Index):
        return _labelled_index(plan, value)
    layers = [entry | _right(layer) for entry, layer in zip(value["layers"], plan.layers, strict=True)]
    labelled = value | {"layers": layers}
    is_docker = value.get("mediaType") == media_types.DOCKER_MANIFEST
    # The types that a wrong label is replaced by are OCI's only where docker has none.
    must_be_oci = labelled != value and any(media_types.is_oci_layer(layer["mediaType"]) for layer in layers)
    return manifest_in_oci_types(labelled) if is_docker and must_be_oci else labelled


def _labelled_index(plan: ImagePlan, value: dict[str, Any]) -> dict[str, Any]:
    has_new = any(child.manifest.descriptor.media_type == media_types.OCI_MANIFEST for child in plan.children)
    is_docker = value.get("mediaType") == media_types.DOCKER_MANIFEST_LIST
    return value | ({"mediaType": media_types.OCI_INDEX} if is_docker and has_new else {})


def _right(layer: BlobPlan) -> dict[str, Any]:
    wrong = _wrong_label(layer, layer.kind)
    return {"mediaType": wrong.right_type} if wrong and wrong.right_type else {}


def _wrong_label(layer: BlobPlan, kind: FileKind | None) -> WrongLabel | None:
    media_type = layer.descriptor.media_type
    declared = compression_of(media_type)
    if kind not in _PACKED or declared is None:
        return None
    actual = compression_of_kind(kind)
    right = with_compression(media_type, actual)
    is_right = declared is actual and right == media_type
    return None if is_right else WrongLabel(declared, actual, right)
