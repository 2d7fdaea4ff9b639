"""An image, shown to people: its manifest, its config and its layers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from importer.domain.digest import Digest
from importer.domain.manifest import ImageManifest, Index
from importer.domain.schema1 import Schema1Manifest
from importer.words.printable import printable
from importer.words.text import Size

_SETTINGS: Final = ("User", "WorkingDir", "Entrypoint", "Cmd", "Env", "ExposedPorts", "Volumes", "Labels")


@dataclass(frozen=True, slots=True)
class ShownImage:
    """What is known of an image.

    Attributes:
        name: what it is called, or where it is.
        digest, content: the manifest.
        parsed: the manifest, or the index.
        config: the config's bytes; None when there is none, or none here.
    """

    name: str
    digest: Digest
    content: bytes = field(repr=False)
    parsed: ImageManifest | Index | Schema1Manifest
    config: bytes | None = None


def describe(image: ShownImage) -> Iterator[str]:
    """The lines of a summary; nothing in them is obeyed by a terminal."""
    for line in _lines(image):
        yield printable(line)


def _lines(image: ShownImage) -> Iterator[str]:
    yield image.name
    yield f"  manifest   {image.digest}"
    yield f"  type       {image.parsed.media_type}"
    yield f"  size       {Size(len(image.content))}"
    if isinstance(image.parsed, Index):
        yield from _index_lines(image.parsed)
        return
    if isinstance(image.parsed, Schema1Manifest):
        yield from (f"  layer      {layer.digest}" for layer in image.parsed.layers)
        return
    yield f"  image id   {image.parsed.config.digest}"
    yield from _config_lines(image.config)
    yield f"  layers     {len(image.parsed.layers)}, {Size(sum(layer.size for layer in image.parsed.layers))}"
    for position, layer in enumerate(image.parsed.layers, 1):
        yield f"  {position:>4}  {layer.digest}  {Size(layer.size)}  {layer.media_type}"


def _index_lines(index: Index) -> Iterator[str]:
    yield f"  children   {len(index.children)}"
    for child in index.children:
        yield f"        {child.digest}  {child.platform or 'no platform'}  {Size(child.size)}"


def _config_lines(content: bytes | None) -> Iterator[str]:
    try:
        config = json.loads(content or b"")
    except (ValueError, RecursionError):
        return
    if not isinstance(config, dict):
        return
    parts = (config.get("os"), config.get("architecture"), config.get("variant"))
    if platform := "/".join(str(part) for part in parts if part):
        yield f"  platform   {platform}"
    if config.get("created"):
        yield f"  created    {config['created']}"
    yield from _settings_lines(config.get("config"))


def _settings_lines(settings: Any) -> Iterator[str]:
    if isinstance(settings, dict):
        for name in _SETTINGS:
            if settings.get(name):
                yield f"  {name:<10} {json.dumps(settings[name], ensure_ascii=False)}"
