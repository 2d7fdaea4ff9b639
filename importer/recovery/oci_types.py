"""Manifests in OCI's media types, for programs that know no others.

Source: OCI image-spec, media-types.md, "Compatibility Matrix"; Docker "Image Manifest Version 2,
Schema 2", "Media Types". Configs and layers are the same bytes under both names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from importer.domain import media_types
from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.domain.manifest import Index, parse_index, parse_manifest
from importer.formats.documents import read_document
from importer.recovery.plan import BlobPlan, BlobStatus, ImagePlan, ProvenBlob, Role
from importer.recovery.recipe_blocks import blocks_of
from importer.recovery.recipes import Literal

_OCI_TYPES: Final = {
    media_types.DOCKER_MANIFEST: media_types.OCI_MANIFEST,
    media_types.DOCKER_MANIFEST_LIST: media_types.OCI_INDEX,
    media_types.DOCKER_CONFIG: media_types.OCI_CONFIG,
    media_types.DOCKER_LAYER: media_types.OCI_LAYER,
    media_types.DOCKER_LAYER_GZIP: media_types.OCI_LAYER_GZIP,
    f"{media_types.DOCKER_LAYER}.zstd": media_types.OCI_LAYER_ZSTD,
    media_types.DOCKER_FOREIGN_LAYER: f"{media_types.OCI_FOREIGN_PREFIX}+gzip",
}


def with_oci_types(plan: ImagePlan) -> ImagePlan:
    """The plan of the same image under a manifest in OCI's types; the plan itself when it has no others.

    Configs and layers, and so the image id, stay; the manifest's digest, and an index's, are new.
    """
    if not plan.manifest.exact:
        return plan
    value = read_document(b"".join(blocks_of(plan.manifest.exact.recipe))).value
    children = tuple(map(with_oci_types, plan.children))
    renewed = _renewed(plan, children)
    if isinstance(plan.parsed, Index):
        changed = value | {"manifests": [_child(entry, renewed) for entry in value["manifests"]]}
    else:
        layers = [_retyped(layer) for layer in value["layers"]]
        changed = value | {"config": _retyped(value["config"]), "layers": layers}
    changed = _retyped(changed)
    return plan if changed == value else _rewritten(replace(plan, children=children), changed, renewed)


def _renewed(plan: ImagePlan, children: tuple[ImagePlan, ...]) -> dict[Digest, Descriptor]:
    pairs = zip(plan.children, children, strict=True)
    return {old.manifest.descriptor.digest: new.manifest.descriptor for old, new in pairs if old is not new}


def _retyped(value: Mapping[str, Any]) -> dict[str, Any]:
    media_type = value.get("mediaType")
    return dict(value) | ({"mediaType": _OCI_TYPES[media_type]} if media_type in _OCI_TYPES else {})


def _child(entry: dict[str, Any], renewed: Mapping[Digest, Descriptor]) -> dict[str, Any]:
    new = renewed.get(Digest.parse(entry["digest"]))
    # A child that isn't here keeps its bytes, and so its type.
    return entry if new is None else entry | _reference(new)


def _reference(descriptor: Descriptor) -> dict[str, Any]:
    return {"mediaType": descriptor.media_type, "digest": str(descriptor.digest), "size": descriptor.size}


def _rewritten(plan: ImagePlan, value: dict[str, Any], renewed: Mapping[Digest, Descriptor]) -> ImagePlan:
    content = json.dumps(value, separators=(",", ":")).encode()
    parsed = parse_index(value) if isinstance(plan.parsed, Index) else parse_manifest(value)
    exact = ProvenBlob(Digest.of(content), len(content), Literal(content))
    descriptor = Descriptor(parsed.media_type, exact.digest, exact.size)
    manifest = replace(plan.manifest, descriptor=descriptor, status=BlobStatus.REPAIRED, cause=None, exact=exact)
    manifests = {child.manifest.descriptor.digest: child.manifest for child in plan.children}
    blobs = tuple(_blob(blob, renewed, manifests) for blob in plan.blobs)
    return replace(plan, manifest=manifest, parsed=parsed, blobs=blobs)


def _blob(blob: BlobPlan, renewed: Mapping[Digest, Descriptor], manifests: Mapping[Digest, BlobPlan]) -> BlobPlan:
    new = renewed.get(blob.descriptor.digest)
    if new is None and blob.role is Role.CHILD:
        return blob
    if new is None:
        media_type = _OCI_TYPES.get(blob.descriptor.media_type, blob.descriptor.media_type)
        return replace(blob, descriptor=replace(blob.descriptor, media_type=media_type))
    descriptor = replace(blob.descriptor, media_type=new.media_type, digest=new.digest, size=new.size)
    return replace(blob, descriptor=descriptor, exact=manifests[new.digest].exact)
