"""What a progress display says, as text for a width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from importer.words.text import Size

_LEAST_BAR: Final = 8
"""Columns; a shorter bar says less than the number beside it."""

_MINUTE: Final = 60
_HOUR: Final = 3600


@dataclass(frozen=True, slots=True)
class Stretch:
    """How far a stretch of work is.

    Args:
        done: bytes.
        total: bytes; None when nobody knows how many.
        rate: bytes per second; None until it can be told.
        left: seconds that it will still take; None until they can be told.
    """

    activity: str
    done: int
    total: int | None
    rate: float | None = None
    left: float | None = None


def line_of(stretch: Stretch, width: int, *, has_unicode: bool) -> tuple[str, str, str]:
    """The words, and the done and the open part of a bar that fills the line; together not wider than ``width``.

    What says least goes first where there is no room: the bar, the bytes, the rate, the time left, the percentage.
    Words are left out whole; the activity alone is cut, when nothing stands beside it.
    """
    separator = " · " if has_unicode else " - "
    for parts in _shorter_and_shorter(stretch):
        words = separator.join(parts)
        if len(words) <= width:
            return words, *_bar(stretch, width - len(words) - 1, has_unicode=has_unicode)
    return stretch.activity[:width], "", ""


def duration(seconds: float) -> str:
    """In one or two units: ``4 s``, ``2 min 5 s``, ``1 h 40 min``."""
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"


def bytes_per_second(rate: float) -> str:
    """In two or three digits: ``480 MB/s``."""
    return f"{Size(round(rate)).short}/s"


def amount(done: int, total: int | None) -> str:
    """Bytes of a total, with its unit once where both have the same: ``1.2 of 3.4 GB``."""
    have = Size(done).short
    if total is None:
        return have
    want = Size(total).short
    number, unit = have.split(" ")
    return f"{number} of {want}" if want.endswith(f" {unit}") else f"{have} of {want}"


def _shorter_and_shorter(stretch: Stretch) -> list[list[str]]:
    done = [amount(stretch.done, stretch.total)] if stretch.done or stretch.total else []
    percent = [f"{int(_share(stretch) * 100)} %"] if stretch.total else []
    rate = [bytes_per_second(stretch.rate)] if stretch.rate else []
    left = [f"{duration(stretch.left)} left"] if stretch.left is not None else []
    return [
        [stretch.activity, *done, *percent, *rate, *left],
        [stretch.activity, *percent, *rate, *left],
        [stretch.activity, *percent, *left],
        [stretch.activity, *(percent or done)],
        [stretch.activity],
    ]


def _share(stretch: Stretch) -> float:
    return min(1.0, stretch.done / stretch.total) if stretch.total else 0.0


def _bar(stretch: Stretch, width: int, *, has_unicode: bool) -> tuple[str, str]:
    if not stretch.total or width < _LEAST_BAR:
        return "", ""
    full, rest = ("━", "━") if has_unicode else ("#", "-")
    done = int(_share(stretch) * width)
    return full * done, rest * (width - done)
