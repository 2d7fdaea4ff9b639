"""A new manifest for an image whose original one can't be satisfied: the same image, another digest."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any, Final

from importer.domain import media_types
from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.domain.manifest import ImageManifest, parse_manifest
from importer.inspection.documents import read_document
from importer.recovery.plan import BlobPlan, BlobStatus, ImagePlan, ProvenBlob
from importer.recovery.recipe_blocks import blocks_of
from importer.recovery.recipes import Literal, Whole

_PLAIN_TYPES: Final = {media_types.DOCKER_MANIFEST: media_types.DOCKER_LAYER}


def with_new_manifest(plan: ImagePlan) -> ImagePlan:
    """The plan of the same image in which layers without their original bytes are plain tars.

    The config, and so the image id, stays; the manifest names the plain tars by their diff_ids.
    """
    if not isinstance(plan.parsed, ImageManifest):
        return plan
    layers = tuple(_plain(layer, plan.parsed.media_type) for layer in plan.layers)
    content = _manifest_bytes(plan, layers)
    digest = Digest.of(content)
    manifest = replace(
        plan.manifest,
        descriptor=Descriptor(plan.parsed.media_type, digest, len(content)),
        status=BlobStatus.REPAIRED,
        exact=ProvenBlob(digest, len(content), Literal(content)),
    )
    others = tuple(blob for blob in plan.blobs if blob not in plan.layers)
    return replace(
        plan,
        manifest=manifest,
        parsed=parse_manifest(json.loads(content)),
        blobs=(*others, *layers),
        parents=(),
    )


def _plain(layer: BlobPlan, manifest_type: str) -> BlobPlan:
    if layer.exact or not layer.content:
        return layer
    media_type = _PLAIN_TYPES.get(manifest_type, media_types.OCI_LAYER)
    descriptor = Descriptor(media_type, layer.content.digest, layer.content.size)
    return replace(layer, descriptor=descriptor, exact=layer.content, status=BlobStatus.REPAIRED)


def _manifest_bytes(plan: ImagePlan, layers: tuple[BlobPlan, ...]) -> bytes:
    value = copy.deepcopy(_original_value(plan))
    for entry, layer in zip(value["layers"], layers, strict=True):
        entry |= {
            "mediaType": layer.descriptor.media_type,
            "digest": str(layer.descriptor.digest),
            "size": layer.descriptor.size,
        }
    # Docker's own form: three spaces and no newline at the end.
    return json.dumps(value, indent=3, ensure_ascii=False).encode()


def _original_value(plan: ImagePlan) -> dict[str, Any]:
    recipe = plan.manifest.exact.recipe if plan.manifest.exact else None
    if recipe is None and plan.manifest.file:
        recipe = Whole(plan.manifest.file.file)
    content = b"".join(blocks_of(recipe)) if recipe else b""
    value: dict[str, Any] = read_document(content).value
    return value
