"""Image configs, as far as a recovery needs them.

Source: OCI image-spec config.md; Docker "Image Specification v1.2".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from importer.domain.digest import Digest
from importer.domain.platform import Platform


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """The platform, and what each layer must be once it is decompressed."""

    platform: Platform
    diff_ids: tuple[Digest, ...]


def parse_config(value: Mapping[str, Any]) -> ImageConfig:
    """Read a config that its schema has accepted; raises ValueError."""
    return ImageConfig(
        platform=Platform(
            value.get("os") or "linux", value["architecture"], value.get("variant") or None, _os_version(value)
        ),
        diff_ids=tuple(Digest.parse(diff_id) for diff_id in value["rootfs"].get("diff_ids") or ()),
    )


def _os_version(value: Mapping[str, Any]) -> str | None:
    version = value.get("os.version")
    return version if isinstance(version, str) and version else None
