"""Schema 1 manifests: the format before configs and media types.

Source: Docker "Image Manifest Version 2, Schema 1"; distribution v2.8.3, manifest/schema1/manifest.go:
the digest is that of the payload, which is the text without its signatures.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from importer.domain import media_types
from importer.domain.digest import Digest


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
    """Read a manifest that its schema has accepted; raises ValueError."""
    if len(value["fsLayers"]) != len(value["history"]):
        raise ValueError("fsLayers and history differ in length")
    pairs = zip(value["fsLayers"], value["history"], strict=True)
    layers = [Schema1Layer(Digest.parse(fs["blobSum"]), _history(entry["v1Compatibility"])) for fs, entry in pairs]
    is_signed = bool(value.get("signatures"))
    return Schema1Manifest(
        media_type=media_types.DOCKER_SCHEMA1_SIGNED if is_signed else media_types.DOCKER_SCHEMA1,
        name=value["name"],
        tag=value["tag"],
        architecture=value["architecture"],
        layers=tuple(reversed(layers)),
    )


def payload_of(content: bytes, value: Mapping[str, Any]) -> bytes:
    """The bytes that the digest is of: the text up to where the signatures were put in, and its end.

    Source: libtrust, jsonsign.go: each signature's ``protected`` header tells ``formatLength`` and
    ``formatTail``. Raises ValueError when it doesn't.
    """
    signatures = value.get("signatures")
    if not signatures:
        return content
    try:
        header = json.loads(_decode(signatures[0]["protected"]))
        length, tail = header["formatLength"], _decode(header["formatTail"])
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, binascii.Error) as error:
        raise ValueError("the signature doesn't tell where the payload ends") from error
    if type(length) is not int or not 0 <= length <= len(content):
        raise ValueError("the signature's formatLength is out of bounds")
    return content[:length] + tail


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _history(text: str) -> Mapping[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("v1Compatibility is not an object")
    return value
