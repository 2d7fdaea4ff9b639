"""New documents for an image whose original ones can't be satisfied; what changes is always a digest."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any, Final, TypeGuard

from importer.domain import media_types
from importer.domain.config import parse_config
from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.domain.manifest import ImageManifest, parse_manifest
from importer.domain.platform import Host
from importer.formats.documents import read_document
from importer.formats.json_text import json_bytes
from importer.plan.blobs import BlobPlan, RewrittenBlob, Role, WantedBlob, with_content
from importer.plan.content import content_of, literal
from importer.plan.images import ContainerImage, ImagePlan
from importer.recovery.documents.rebuilding import manifest_forms

_PLAIN_TYPES: Final = {media_types.DOCKER_MANIFEST: media_types.DOCKER_LAYER}


def with_new_manifest(plan: ImagePlan) -> ImagePlan:
    """The plan of the same image in which layers without their original bytes are plain tars.

    The config, and so the image id, stays; the manifest names the plain tars by their diff_ids.
    """
    if not isinstance(plan.parsed, ImageManifest):
        return plan
    media_type = plan.parsed.media_type
    layers = tuple(_plain(layer, media_type) for layer in plan.layers)
    content = _manifest_bytes(plan, layers)
    descriptor = Descriptor(media_type, Digest.of(content), len(content))
    manifest = RewrittenBlob(WantedBlob(descriptor, Role.MANIFEST), literal(content))
    others = tuple(blob for blob in plan.blobs if blob not in plan.layers)
    return replace(
        plan,
        manifest=manifest,
        parsed=parse_manifest(json.loads(content)),
        document=read_document(content),
        blobs=(*others, *layers),
        parents=(),
    )


def can_get_new_config(plan: ImagePlan) -> TypeGuard[ContainerImage]:
    """Whether only the config lacks, and every layer was looked into, so that a bare one can be made."""
    config = plan.config_blob
    if not isinstance(plan, ContainerImage) or not isinstance(plan.parsed, ImageManifest) or not config:
        return False
    looked_into = all(layer.exact and (layer.content or content_of(layer.file)) for layer in plan.layers)
    return not config.is_here and bool(plan.layers) and looked_into


def with_new_config(plan: ContainerImage) -> ImagePlan:
    """The plan of an image with the same files under a bare config: another image id and manifest digest."""
    layers = tuple(with_content(layer, layer.content or content_of(layer.file)) for layer in plan.layers)
    diff_ids = [str(layer.content.digest) for layer in layers if layer.content]
    platform = plan.platform or Host.of_this_machine().platform
    value = {
        "architecture": platform.architecture,
        "os": platform.os,
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    }
    content = json_bytes(value)
    digest = Digest.of(content)
    descriptor = Descriptor(media_types.DOCKER_CONFIG, digest, len(content))
    if isinstance(plan.parsed, ImageManifest):
        descriptor = replace(descriptor, media_type=plan.parsed.config.media_type)
    config = RewrittenBlob(WantedBlob(descriptor, Role.CONFIG), literal(content))
    named = tuple(
        replace(layer, wanted=replace(layer.wanted, diff_id=layer.content.digest)) for layer in layers if layer.content
    )
    return with_new_manifest(
        replace(plan, blobs=(config, *named), config=parse_config(value), config_document=read_document(content))
    )


def _plain(layer: BlobPlan, manifest_type: str) -> BlobPlan:
    if layer.exact or not layer.content:
        return layer
    media_type = _PLAIN_TYPES.get(manifest_type, media_types.OCI_LAYER)
    descriptor = Descriptor(media_type, layer.content.digest, layer.content.size)
    wanted = replace(layer.wanted, descriptor=descriptor)
    return RewrittenBlob(wanted, layer.content, layer.content, kind=layer.inside, inside=layer.inside)


def _manifest_bytes(plan: ImagePlan, layers: tuple[BlobPlan, ...]) -> bytes:
    value = copy.deepcopy(_original_value(plan))
    config = plan.config_blob
    if config:
        value["config"] |= {"digest": str(config.descriptor.digest), "size": config.descriptor.size}
    for entry, layer in zip(value["layers"], layers, strict=True):
        entry |= {
            "mediaType": layer.descriptor.media_type,
            "digest": str(layer.descriptor.digest),
            "size": layer.descriptor.size,
        }
    # Docker's own form: three spaces and no newline at the end.
    return json_bytes(value, indent=3)


def _original_value(plan: ImagePlan) -> dict[str, Any]:
    document = plan.document
    if document and document.manifest and len(document.manifest.layers) == len(plan.layers):
        value: dict[str, Any] = document.value
        return value
    return _docker_manifest(plan)


def _docker_manifest(plan: ImagePlan) -> dict[str, Any]:
    config = plan.config_blob
    form = next(manifest_forms(config.descriptor, plan.layers)) if config else None
    value: dict[str, Any] = json.loads(form.content) if form else {}
    return value
