"""Manifests in OCI's media types, for programs that know no others.

Source: OCI image-spec, media-types.md, "Compatibility Matrix"; Docker "Image Manifest Version 2,
Schema 2", "Media Types". Configs and layers are the same bytes under both names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from importer.domain import media_types
from importer.domain.manifest import Index
from importer.mutate.renewal import with_changed_documents
from importer.plan.images import ImagePlan

_OCI_TYPES: Final = {
    media_types.DOCKER_MANIFEST: media_types.OCI_MANIFEST,
    media_types.DOCKER_MANIFEST_LIST: media_types.OCI_INDEX,
    media_types.DOCKER_CONFIG: media_types.OCI_CONFIG,
    media_types.DOCKER_LAYER: media_types.OCI_LAYER,
    media_types.DOCKER_LAYER_GZIP: media_types.OCI_LAYER_GZIP,
    media_types.DOCKER_LAYER_ZSTD: media_types.OCI_LAYER_ZSTD,
    media_types.DOCKER_FOREIGN_LAYER: f"{media_types.OCI_FOREIGN_PREFIX}+gzip",
}


def with_oci_types(plan: ImagePlan) -> ImagePlan:
    """The plan of the same image under a manifest in OCI's types; the plan itself when it has no others.

    Configs and layers, and so the image id, stay; the manifest's digest, and an index's, are new. A child
    that isn't here keeps its bytes, and so its type.
    """
    return with_changed_documents(plan, _in_oci_types)


def manifest_in_oci_types(value: Mapping[str, Any]) -> dict[str, Any]:
    """An image's manifest, as JSON, in OCI's types."""
    layers = [_retyped(layer) for layer in value["layers"]]
    return _retyped(value) | {"config": _retyped(value["config"]), "layers": layers}


def _in_oci_types(plan: ImagePlan, value: dict[str, Any]) -> dict[str, Any]:
    return _retyped(value) if isinstance(plan.parsed, Index) else manifest_in_oci_types(value)


def _retyped(value: Mapping[str, Any]) -> dict[str, Any]:
    media_type = value.get("mediaType")
    return dict(value) | ({"mediaType": _OCI_TYPES[media_type]} if media_type in _OCI_TYPES else {})
