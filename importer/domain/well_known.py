"""Blobs that are the same in every image, so that their bytes are known without a download."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from importer.domain.digest import Digest

_EMPTY_TAR_DEFLATED: Final = bytes.fromhex("621805a360148c5800080000ffff2eafb5ef00040000")
_GNU_EMPTY_TAR_SIZE: Final = 10240


@dataclass(frozen=True, slots=True)
class WellKnownBlob:
    """The bytes of a blob, and what people call it."""

    content: bytes
    description: str


_BLOBS: Final = (
    WellKnownBlob(
        bytes.fromhex("1f8b080000096e8800ff") + _EMPTY_TAR_DEFLATED,
        "docker's empty layer (distribution v2.8.3, manifest/schema1/config_builder.go)",
    ),
    WellKnownBlob(
        bytes.fromhex("1f8b08000000000000ff") + _EMPTY_TAR_DEFLATED,
        "docker's empty layer as newer Go versions compress it",
    ),
    WellKnownBlob(
        bytes.fromhex("1f8b080000000000000363601805a360148c5400002eafb5ef00040000"),
        "an empty layer as gzip and pigz compress it",
    ),
    WellKnownBlob(bytes(1024), "an empty layer, not compressed (moby, layer/empty.go)"),
    WellKnownBlob(bytes(_GNU_EMPTY_TAR_SIZE), "an empty layer, not compressed, as GNU tar writes it"),
    WellKnownBlob(b"{}", "the OCI empty descriptor's content (image-spec, manifest.md)"),
)

WELL_KNOWN_BLOBS: Final = {
    Digest.of(blob.content, algorithm): blob for blob in _BLOBS for algorithm in ("sha256", "sha512")
}
"""Digest to blob; both algorithms, since a descriptor may use either."""
