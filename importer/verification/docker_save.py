"""What is wrong with a tar that ``docker load`` is to read: its ``manifest.json``, and what that names.

Source: moby v20.10, image/tarexport/load.go: ``Config`` and each of ``Layers`` are members' names, and the layers'
contents must have the config's diff_ids.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, Final

from importer.formats.documents import read_document
from importer.verification.objects import Objects
from importer.verification.reading import ObjectReader

MANIFEST: Final = "manifest.json"


def flaws_of_docker_save(objects: Objects, reader: ObjectReader) -> Iterator[str]:
    """Each thing that keeps docker from an image, in words; raises OSError."""
    try:
        entries = json.loads(reader.document(MANIFEST) or b"")
    except (ValueError, RecursionError):
        entries = None
    if not isinstance(entries, list) or not entries:
        yield f"{MANIFEST} isn't the list of images that docker load reads"
        return
    for entry in entries:
        if isinstance(entry, dict) and isinstance(entry.get("Config"), str) and _are_texts(entry.get("Layers")):
            yield from _flaws_of_image(entry, objects, reader)
        else:
            yield f"{MANIFEST} has an entry without Config or Layers"


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _flaws_of_image(entry: dict[str, Any], objects: Objects, reader: ObjectReader) -> Iterator[str]:
    name = entry["Config"]
    if name not in objects:
        yield f"{name} is missing, which {MANIFEST} names as a config"
        return
    config = read_document(reader.document(name) or b"").config
    if config is None:
        yield f"{name} is not an image config"
        return
    if reader.digest(name).hex != PurePosixPath(name).name.removesuffix(".json"):
        yield f"{name} has another digest: {reader.digest(name)}"
    layers = entry["Layers"]
    if len(layers) != len(config.diff_ids):
        yield f"{MANIFEST} names {len(layers)} layers of {name}, which has {len(config.diff_ids)}"
        return
    for layer, diff_id in zip(layers, config.diff_ids, strict=True):
        if layer not in objects:
            yield f"{layer} is missing, which {MANIFEST} names as a layer"
        elif (found := reader.content_digest(layer)) != diff_id:
            yield f"{layer} {f'holds {found}' if found else 'is damaged'}, and the config {name} wants {diff_id}"
