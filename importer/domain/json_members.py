"""Members of JSON objects that came from outside, each held to its type and range.

Every parser of a JSON document reads through these functions, so that a value of another type is an error of the
document, wherever it stands. They follow Go's decoder (encoding/json, ``Unmarshal``), which is what docker,
containerd and registries read with: null leaves a member empty, numbers for integers are whole and fit into 64 bits,
and half a surrogate pair is U+FFFD.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

LARGEST: Final = (1 << 63) - 1
"""The largest number that Go's ``int64`` takes: sizes are of that type in the image-spec."""

_MAX_DEPTH: Final = 128
"""Levels above which nothing is read: real documents have ten, and each reader gives up somewhere else."""

_LONE_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_SHOWN: Final = 40


def as_go_reads(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair, which JSON can write and nothing can encode."""
    return _LONE_SURROGATES.sub("\ufffd", text)


def is_too_deep(value: Any) -> bool:
    """Whether a parsed value has more levels than any honest document."""
    level = [value]
    for _ in range(_MAX_DEPTH):
        level = [child for each in level for child in _below(each) if isinstance(child, dict | list)]
        if not level:
            return False
    return True


def object_of(value: Any, what: str = "the document") -> Mapping[str, Any]:
    """The value as an object; raises ValueError for anything else."""
    if not isinstance(value, dict):
        raise ValueError(f"{what} is not an object: {_shown(value)}")
    return value


def text(value: Mapping[str, Any], name: str, default: str = "") -> str:
    """A text; ``default`` where it is missing, null or empty. Raises ValueError."""
    found = value.get(name)
    return _text(found, name) or default if found is not None else default


def needed_text(value: Mapping[str, Any], name: str) -> str:
    """A text that must be there; raises ValueError."""
    if value.get(name) is None:
        raise ValueError(f"{name} is missing")
    return text(value, name)


def whole_number(value: Mapping[str, Any], name: str, *, least: int = 0, most: int = LARGEST) -> int:
    """A whole number from ``least`` to ``most``, 0 where it is missing or null; raises ValueError."""
    found = value.get(name)
    if found is None:
        return 0
    if type(found) is not int or not least <= found <= most:
        raise ValueError(f"{name} is not an integer from {least} to {most}: {_shown(found)}")
    return found


def child(value: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """An object; None where it is missing or null. Raises ValueError."""
    found = value.get(name)
    return None if found is None else object_of(found, name)


def needed_child(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object that must be there; raises ValueError."""
    found = child(value, name)
    if found is None:
        raise ValueError(f"{name} is missing")
    return found


def children(value: Mapping[str, Any], name: str) -> tuple[Mapping[str, Any], ...]:
    """A list of objects, empty where it is missing or null; raises ValueError."""
    return tuple(object_of(each, f"an entry of {name}") for each in _list(value, name))


def texts(value: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A list of texts, empty where it is missing or null; raises ValueError."""
    return tuple("" if each is None else _text(each, f"an entry of {name}") for each in _list(value, name))


def text_map(value: Mapping[str, Any], name: str) -> dict[str, str]:
    """An object of texts, empty where it is missing or null; raises ValueError."""
    members = child(value, name) or {}
    return {as_go_reads(key): text(members, key) for key in members}


def _below(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _list(value: Mapping[str, Any], name: str) -> list[Any]:
    found = value.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise ValueError(f"{name} is not a list: {_shown(found)}")
    return found


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} is not a string: {_shown(value)}")
    return as_go_reads(value)


def _shown(value: Any) -> str:
    """The value in a message: short, and without writing out what may be a million members or digits."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, int) and value.bit_length() > 128:
        return "a number of more than 38 digits"
    return ascii(value)[:_SHOWN]
