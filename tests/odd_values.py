"""JSON documents with a value of the wrong kind in one place, whichever place that is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

ODD: Final[tuple[Any, ...]] = (
    *(None, True, {}, [], [[]], [{}], [None], {"a": {}}, {"": None}),
    *("", "\ud800", "\udc80", "\0", "\x1b[31m", "a" * 5000, "../../x", "file:///etc/passwd", "sha256:", "é" * 300),
    *(0, -1, 1.5, 2**63, 2**64, 10**4000, 1e308, -0.0),
)


def with_odd_values(value: Any) -> Iterator[Any]:
    """The document with each of its values, the whole included, replaced by each odd one; and with each left out."""
    yield from ODD
    for step in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield _without(value, step)
        yield from (_with(value, step, odd) for odd in with_odd_values(value[step]))


def _with(value: Any, step: Any, new: Any) -> Any:
    changed = value.copy()
    changed[step] = new
    return changed


def _without(value: Any, step: Any) -> Any:
    changed = value.copy()
    del changed[step]
    return changed
