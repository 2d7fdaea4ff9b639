"""Image configs, as far as a recovery needs them.

Source: OCI image-spec config.md; Docker "Image Specification v1.2".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from importer.domain.digest import Digest
from importer.domain.json_members import needed_child, needed_text, text, texts
from importer.domain.platform import Platform


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """The platform, and what each layer must be once it is decompressed."""

    platform: Platform
    diff_ids: tuple[Digest, ...]


def parse_config(value: Mapping[str, Any]) -> ImageConfig:
    """Read a config; raises ValueError for what is none."""
    architecture = needed_text(value, "architecture")
    rootfs = needed_child(value, "rootfs")
    return ImageConfig(
        platform=Platform(
            text(value, "os", "linux"),
            architecture,
            text(value, "variant") or None,
            text(value, "os.version") or None,
        ),
        diff_ids=tuple(Digest.parse(diff_id) for diff_id in texts(rootfs, "diff_ids")),
    )
