"""A schema 1 image as the schema 2 image with the same file system and settings; its digests are new.

Source of the conversion: moby v20.10, image/v1/imagev1.go (``MakeConfigFromV1Config``,
``HistoryFromConfig``) and distribution/pull_v2.go (``pullSchema1``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from importer.domain import media_types
from importer.domain.config import parse_config
from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.domain.manifest import parse_manifest
from importer.domain.schema1 import Schema1Layer, Schema1Manifest
from importer.formats.documents import read_document
from importer.plan.blobs import BlobPlan, RewrittenBlob, Role, WantedBlob, with_content
from importer.plan.content import content_of, literal
from importer.plan.images import ContainerImage, ImagePlan
from importer.recovery.documents.rebuilding import manifest_forms

_EMPTY_LAYER: Final = Digest("sha256", "a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4")
_NOT_OF_A_CONFIG: Final = ("id", "parent", "Size", "parent_id", "layer_id", "throwaway")


def can_be_converted(plan: ImagePlan) -> bool:
    """Whether every layer was looked into, so that a config can name its content."""
    whole = all(layer.exact and (_empty_content(layer) or content_of(layer.file)) for layer in plan.layers)
    return isinstance(plan.parsed, Schema1Manifest) and whole


def converted(plan: ImagePlan) -> ImagePlan:
    """The plan of the same file system and settings as a schema 2 image, with new digests."""
    manifest = plan.parsed
    if not isinstance(plan, ContainerImage) or not isinstance(manifest, Schema1Manifest):
        return plan
    blobs = {layer.descriptor.digest: layer for layer in plan.layers}
    real = [layer for layer in manifest.layers if not _is_empty(layer)]
    layers = tuple(_schema2_layer(blobs[layer.digest], position) for position, layer in enumerate(real))
    value = _config_value(manifest, [str(layer.diff_id) for layer in layers])
    content = json.dumps(value, separators=(",", ":")).encode()
    config = _literal(Role.CONFIG, media_types.DOCKER_CONFIG, content)
    form = next(manifest_forms(config.descriptor, layers))
    return replace(
        plan,
        manifest=_literal(Role.MANIFEST, form.media_type, form.content),
        parsed=parse_manifest(json.loads(form.content)),
        document=read_document(form.content),
        config=parse_config(value),
        config_document=read_document(content),
        blobs=(config, *layers),
        proofs=(),
    )


def _is_empty(layer: Schema1Layer) -> bool:
    return layer.digest == _EMPTY_LAYER or bool(layer.history.get("throwaway"))


def _empty_content(layer: BlobPlan) -> bool:
    return layer.descriptor.digest == _EMPTY_LAYER


def _schema2_layer(layer: BlobPlan, position: int) -> BlobPlan:
    content = content_of(layer.file)
    known = with_content(layer, content)
    return replace(known, wanted=replace(layer.wanted, position=position, diff_id=content.digest if content else None))


def _literal(role: Role, media_type: str, content: bytes) -> BlobPlan:
    digest = Digest.of(content)
    descriptor = Descriptor(media_type, digest, len(content))
    return RewrittenBlob(WantedBlob(descriptor, role), literal(content))


def _config_value(manifest: Schema1Manifest, diff_ids: list[str]) -> dict[str, Any]:
    newest = {key: value for key, value in manifest.layers[-1].history.items() if key not in _NOT_OF_A_CONFIG}
    newest.setdefault("architecture", manifest.architecture)
    newest.setdefault("os", "linux")
    history = [_history_entry(layer) for layer in manifest.layers]
    return newest | {"rootfs": {"type": "layers", "diff_ids": diff_ids}, "history": history}


def _history_entry(layer: Schema1Layer) -> dict[str, Any]:
    says: Mapping[str, Any] = layer.history
    settings = says.get("container_config")
    command = settings.get("Cmd") if isinstance(settings, dict) else None
    entry = {
        "created": says.get("created"),
        "author": says.get("author"),
        "created_by": " ".join(map(str, command)) if isinstance(command, list) else None,
        "comment": says.get("comment"),
        "empty_layer": _is_empty(layer) or None,
    }
    return {key: value for key, value in entry.items() if value}
