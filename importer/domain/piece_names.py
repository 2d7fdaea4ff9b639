"""The names that splitting programs and downloads in ranges give the pieces of a file.

Sources: split(1) (``xaa``, ``-d``, ``--numeric-suffixes``); 7-Zip (``.001``); zip(1), "split archives" (``.z01``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

# `.001`, `.part1`, `.part01of10`, `-aa`, `.xab`, `_2`, ` (3)`: what splitters and browsers append.
# Separators are few: any number of them in several places takes cubic time in a hostile name.
_PIECE: Final = re.compile(
    r"(?P<stem>.*?)[ ._-]{0,4}(?:(?:(?<![a-z])(?:part|chunk|piece|seg|p|z))?[ ._-]{0,4}\(?(?P<number>\d{1,6})\)?"
    r"(?:[ ._-]{0,4}of[ ._-]{0,4}(?P<total>\d{1,6}))?"
    r"|(?:part|x)?(?P<letters>[a-z]{2,3}))",
    re.IGNORECASE,
)
_ENDING: Final = re.compile(r"(?P<stem>.+?)(?P<ending>(?:\.tar)?\.[^\W\d_]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PieceName:
    """A name, read as that of a piece.

    Attributes:
        name: the whole name.
        stem: the name of the whole, without its ending if that stands behind the number.
        order: the piece's number; of letters, as a number to the base of 26.
        ending: the ending behind the number; empty where there is none.
        start, end: where in the name the digits or letters are.
        total: how many pieces there are; None where the name doesn't say it.
    """

    name: str
    stem: str
    order: int
    ending: str
    start: int
    end: int
    total: int | None

    @property
    def label(self) -> str:
        """The digits or letters."""
        return self.name[self.start : self.end]

    @property
    def is_lettered(self) -> bool:
        """Whether letters count the pieces."""
        return not self.label.isdigit()

    def name_of(self, order: int) -> str:
        """The name of another piece."""
        width = self.end - self.start
        label = _letters(order, width) if self.is_lettered else f"{order:0{width}}"
        return f"{self.name[: self.start]}{label}{self.name[self.end :]}"


def piece_names(name: str) -> Iterator[PieceName]:
    """The ways to read a name as a piece's."""
    yield from _reading(name, name, "")
    # `chunk-1.bin`: programs that name the kind of file last number it before.
    match = _ENDING.fullmatch(name)
    if match:
        yield from _reading(name, match["stem"], match["ending"])


def _reading(name: str, numbered: str, ending: str) -> Iterator[PieceName]:
    match = _PIECE.fullmatch(numbered)
    if not match:
        return
    group = "number" if match["number"] else "letters"
    label = match[group]
    order = int(label) if group == "number" else _order_of(label.lower())
    total = int(match["total"]) if match["total"] else None
    yield PieceName(name, match["stem"], order, ending, match.start(group), match.end(group), total)


def _order_of(letters: str) -> int:
    order = 0
    for letter in letters:
        order = order * 26 + ord(letter) - ord("a")
    return order


def _letters(order: int, width: int) -> str:
    letters = ""
    for _ in range(width):
        order, rest = divmod(order, 26)
        letters = chr(ord("a") + rest) + letters
    return letters
