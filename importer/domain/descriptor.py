"""Descriptors: how one document points at another blob.

Source: OCI image-spec, descriptor.md.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from importer.domain.address import is_web_address
from importer.domain.digest import Digest
from importer.domain.json_members import child, needed_text, text, text_map, texts, whole_number
from importer.domain.media_types import ENCRYPTED_SUFFIX, ENCRYPTION_ANNOTATIONS
from importer.domain.platform import Platform


@dataclass(frozen=True, slots=True)
class Descriptor:
    """Media type, digest and size (bytes) of a blob, and where else it may be had.

    ``data`` are the bytes that it holds itself, whatever they are.
    """

    media_type: str
    digest: Digest
    size: int
    urls: tuple[str, ...] = ()
    platform: Platform | None = None
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    data: bytes = field(default=b"", repr=False, compare=False)

    @property
    def has_own_data(self) -> bool:
        """Whether it holds the very bytes that it points at."""
        is_whole = bool(self.data) and len(self.data) == self.size and self.digest.is_checkable
        return is_whole and Digest.of(self.data, self.digest.algorithm) == self.digest

    @property
    def is_encrypted(self) -> bool:
        """Whether it says that the blob takes a key to read (ocicrypt)."""
        is_annotated = any(name.startswith(ENCRYPTION_ANNOTATIONS) for name in self.annotations)
        return is_annotated or self.media_type.endswith(ENCRYPTED_SUFFIX)

    @property
    def is_json(self) -> bool:
        """Whether it points at a JSON document: a config or a manifest."""
        is_text = self.media_type.endswith(("+json", "/json", "+prettyjws"))
        return is_text and not self.media_type.endswith("simplesigning.v1+json")

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Descriptor:
        """Read a descriptor; raises ValueError for what Go's decoder refuses, such as a size of ``1.0e3``."""
        if value.get("size") is None:
            raise ValueError("size is missing")
        platform = child(value, "platform")
        return cls(
            # Thousands of descriptors have the same few.
            media_type=sys.intern(text(value, "mediaType")),
            digest=Digest.parse(needed_text(value, "digest")),
            size=whole_number(value, "size"),
            urls=texts(value, "urls"),
            platform=_platform(platform) if platform else None,
            annotations=text_map(value, "annotations"),
            data=bytes_of_base64(value.get("data")),
        )

    @property
    def web_urls(self) -> tuple[str, ...]:
        """Those of the ``urls`` from which anybody may fetch the blob: http and https, without credentials."""
        return tuple(url for url in self.urls if is_web_address(url))


def bytes_of_base64(value: Any) -> bytes:
    """The bytes of a member that Go writes in base64; none for one that is something else."""
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except ValueError:
        return b""


def _platform(value: Mapping[str, Any]) -> Platform:
    return Platform(
        text(value, "os", "unknown"),
        text(value, "architecture", "unknown"),
        text(value, "variant") or None,
        text(value, "os.version") or None,
    )
