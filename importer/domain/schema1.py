"""Schema 1 manifests: the format before configs and media types.

Source: Docker "Image Manifest Version 2, Schema 1"; distribution v2.8.3, manifest/schema1/manifest.go:
the digest is that of the payload, which is the text without its signatures.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from importer.domain import media_types
from importer.domain.digest import Digest
from importer.domain.json_members import LARGEST, children, is_too_deep, needed_text, object_of, whole_number


@dataclass(frozen=True, slots=True)
class Schema1Layer:
    """A layer, and the image as it was with this layer on top (``v1Compatibility``)."""

    digest: Digest
    history: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Schema1Manifest:
    """One image: its layers, lowest first, which is the reverse of the document's order."""

    media_type: str
    name: str
    tag: str
    architecture: str
    layers: tuple[Schema1Layer, ...]


def parse_schema1(value: Mapping[str, Any]) -> Schema1Manifest:
    """Read a manifest; raises ValueError for what is none."""
    fs_layers, history = children(value, "fsLayers"), children(value, "history")
    if len(fs_layers) != len(history):
        raise ValueError("fsLayers and history differ in length")
    layers = [
        Schema1Layer(Digest.parse(needed_text(fs, "blobSum")), _history(needed_text(entry, "v1Compatibility")))
        for fs, entry in zip(fs_layers, history, strict=True)
    ]
    return Schema1Manifest(
        media_type=media_types.DOCKER_SCHEMA1_SIGNED if value.get("signatures") else media_types.DOCKER_SCHEMA1,
        name=needed_text(value, "name"),
        tag=needed_text(value, "tag"),
        architecture=needed_text(value, "architecture"),
        layers=tuple(reversed(layers)),
    )


def payload_of(content: bytes, value: Mapping[str, Any]) -> bytes:
    """The bytes that the digest is of: the text up to where the signatures were put in, and its end.

    Source: libtrust, jsonsign.go: each signature's ``protected`` header tells ``formatLength`` and
    ``formatTail``. Raises ValueError when it doesn't.
    """
    signatures = children(value, "signatures")
    if not signatures:
        return content
    try:
        header = object_of(json.loads(_decode(needed_text(signatures[0], "protected"))))
        length = whole_number(header, "formatLength", most=min(len(content), LARGEST))
        return content[:length] + _decode(needed_text(header, "formatTail"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the signature doesn't tell where the payload ends: {error}") from error


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _history(text: str) -> Mapping[str, Any]:
    try:
        value = object_of(json.loads(text), "v1Compatibility")
    except RecursionError as error:
        raise ValueError("v1Compatibility is nested too deeply") from error
    if is_too_deep(value):
        raise ValueError("v1Compatibility is nested too deeply")
    return value
