"""Image configs, as far as a recovery needs them.

Sources: OCI image-spec config.md; Docker "Image Specification v1.2". Docker itself wants ``rootfs`` alone (moby,
image/image.go, ``NewFromJSON``): a config without ``os`` is for the daemon's own, and no architecture is checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from importer.domain.digest import Digest
from importer.domain.json_members import children, needed_child, text, texts
from importer.domain.platform import Platform


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """The platform, and what each layer must be once it is decompressed.

    Attributes:
        platform: what it is made for; the architecture is empty where the config doesn't tell it.
        diff_ids: digests of the layers' content, lowest first.
        history_layers: how many steps of the history are said to have made a layer.
    """

    platform: Platform
    diff_ids: tuple[Digest, ...]
    history_layers: int = 0


def parse_config(value: Mapping[str, Any]) -> ImageConfig:
    """Read a config; raises ValueError for what is none."""
    rootfs = needed_child(value, "rootfs")
    return ImageConfig(
        platform=Platform(
            text(value, "os", "linux"),
            text(value, "architecture"),
            text(value, "variant") or None,
            text(value, "os.version") or None,
        ),
        diff_ids=tuple(Digest.parse(diff_id) for diff_id in texts(rootfs, "diff_ids")),
        history_layers=sum(step.get("empty_layer") is not True for step in children(value, "history")),
    )
