"""Descriptors: how one document points at another blob.

Source: OCI image-spec, descriptor.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from importer.domain.digest import Digest
from importer.domain.media_types import ENCRYPTED_SUFFIX, ENCRYPTION_ANNOTATIONS
from importer.domain.platform import Platform


@dataclass(frozen=True, slots=True)
class Descriptor:
    """Media type, digest and size (bytes) of a blob, and where else it may be had."""

    media_type: str
    digest: Digest
    size: int
    urls: tuple[str, ...] = ()
    platform: Platform | None = None
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def is_encrypted(self) -> bool:
        """Whether it says that the blob takes a key to read (ocicrypt)."""
        is_annotated = any(name.startswith(ENCRYPTION_ANNOTATIONS) for name in self.annotations)
        return is_annotated or self.media_type.endswith(ENCRYPTED_SUFFIX)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Descriptor:
        """Read a descriptor that its schema has accepted.

        Raises ValueError where the schema is more tolerant than Go's decoder, as for ``1.0e3``.
        """
        size = value["size"]
        if type(size) is not int:
            raise ValueError(f"size is not an integer: {size!r}")
        platform = value.get("platform")
        return cls(
            media_type=value.get("mediaType") or "",
            digest=Digest.parse(value["digest"]),
            size=size,
            urls=tuple(value.get("urls") or ()),
            platform=_platform(platform) if platform else None,
            annotations=dict(value.get("annotations") or {}),
        )


def _platform(value: Mapping[str, Any]) -> Platform:
    version = value.get("os.version")
    return Platform(
        value.get("os") or "unknown",
        value.get("architecture") or "unknown",
        value.get("variant") or None,
        version if isinstance(version, str) and version else None,
    )
