"""Names in JSON documents as Go's decoder reads them, since docker, registries and containerd are written in Go.

A member counts for a field whose name differs in upper and lower case alone, and a null counts for an empty list.
Source: Go, encoding/json, decode.go (``object``, "exact match, case-insensitive match") and fold.go (``foldName``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Shape: TypeAlias = "Mapping[str, Shape | None]"
"""The fields of a document, and what each holds: an object or a list of objects of a shape, or a plain value."""

_PLATFORM: Final[Shape] = dict.fromkeys(("os", "architecture", "variant", "os.version", "os.features"))
_DESCRIPTOR: Final[Shape] = {
    **dict.fromkeys(("mediaType", "digest", "size", "urls", "annotations", "data", "artifactType")),
    "platform": _PLATFORM,
}
_SETTINGS: Final[Shape] = {
    **dict.fromkeys(
        ("Env", "Entrypoint", "Cmd", "Shell", "OnBuild", "User", "WorkingDir", "StopSignal", "ArgsEscaped")
    ),
    **dict.fromkeys(("ExposedPorts", "Volumes", "Labels")),
    "Healthcheck": dict.fromkeys(("Test", "Interval", "Timeout", "StartPeriod", "StartInterval", "Retries")),
}
_HISTORY: Final[Shape] = dict.fromkeys(("created", "created_by", "author", "comment", "empty_layer"))
_DOCUMENT: Final[Shape] = {
    # What a manifest, an index and an image config have; ``config`` is a descriptor in one, and settings in another.
    **dict.fromkeys(("schemaVersion", "mediaType", "artifactType", "annotations")),
    **_PLATFORM,
    **dict.fromkeys(("created", "author")),
    "config": {**_DESCRIPTOR, **_SETTINGS},
    "layers": _DESCRIPTOR,
    "manifests": _DESCRIPTOR,
    "subject": _DESCRIPTOR,
    "rootfs": dict.fromkeys(("type", "diff_ids")),
    "history": _HISTORY,
}
_SAVED: Final[Shape] = dict.fromkeys(("Config", "RepoTags", "Layers"))
"""An entry of docker save's ``manifest.json`` (moby, daemon/internal/image/tarexport/tarexport.go, manifestItem)."""

_LISTS: Final = ("layers", "manifests")


@dataclass(frozen=True, slots=True)
class GoReading:
    """A parsed document under the names that Go's decoder gives its members.

    Attributes:
        value: the document.
        is_changed: whether a name was spelt in another case.
        clash: two members of one object that count for the same field; None when there are none.
    """

    value: Any
    is_changed: bool = False
    clash: tuple[str, str] | None = None


def with_field_names(value: Any) -> GoReading:
    """Give the members of manifests, indexes, image configs and docker save manifests the names of their fields.

    What is in an object whose names are free, as of labels and annotations, stays as it is.
    """
    renamer = _Renamer()
    if isinstance(value, list):
        return GoReading([renamer.renamed(item, _SAVED) for item in value], renamer.is_changed, renamer.clash)
    named = renamer.renamed(value, _DOCUMENT)
    if isinstance(named, dict) and "schemaVersion" in named:
        named = named | {name: [] for name in _LISTS if name in named and named[name] is None}
    return GoReading(named, renamer.is_changed, renamer.clash)


class _Renamer:
    def __init__(self) -> None:
        self.is_changed = False
        self.clash: tuple[str, str] | None = None

    def renamed(self, value: Any, shape: Shape) -> Any:
        if isinstance(value, list):
            return [self.renamed(item, shape) for item in value]
        if not isinstance(value, dict):
            return value
        fields = {_folded(name): name for name in shape}
        result: dict[str, Any] = {}
        spelt: dict[str, str] = {}
        for name, member in value.items():
            field = str(name if name in shape else fields.get(_folded(name), name))
            self.is_changed |= field != name
            if field in result:
                self.clash = self.clash or (spelt[field], name)
            inner = shape.get(field)
            result[field] = self.renamed(member, inner) if inner is not None else member
            spelt[field] = name
        return result


def _folded(name: str) -> str:
    # Go folds the long s, too; the Kelvin sign is a small k by lower().
    return name.lower().replace("\u017f", "s")
