"""Messages made of parts.

A message says what happened in words, and names paths, digests, sizes and commands in between. It keeps these
apart, so that each report can write them out in its own way: with short paths, say. ``str`` of a message, as of
each part, is its plain form: paths in full, and nothing in it that a terminal would obey.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from importer.domain.digest import Digest
from importer.words.printable import for_shell, printable, shell_word

_UNITS: Final = ("kB", "MB", "GB", "TB")
_TWO_DIGITS: Final = 9.95
"""From here on one digit behind the point would make three of two."""

_TOO_MANY_DIGITS: Final = 999.5


@dataclass(frozen=True, slots=True)
class FilePath:
    """A path, as the user or an archive has it: any characters may be in it."""

    path: str

    def __str__(self) -> str:
        return printable(self.path)


@dataclass(frozen=True, slots=True)
class Size:
    """A number of bytes: exactly, and rounded when it's large: ``60,339 bytes``, ``1,048,576,000 bytes (1.0 GB)``."""

    count: int

    def __str__(self) -> str:
        exact = f"{self.count:,} byte" + ("" if self.count == 1 else "s")
        if self.count < 1_000_000:
            return exact
        power = min(len(_UNITS), (len(str(self.count)) - 1) // 3)
        return f"{exact} ({self.count / 1000**power:.1f} {_UNITS[power - 1]})"

    @property
    def short(self) -> str:
        """In two or three digits, for columns: ``2.8 MB``."""
        size, unit = float(self.count), "B"
        for larger in _UNITS:
            if size >= _TOO_MANY_DIGITS:
                size, unit = size / 1000, larger
        is_small = unit != "B" and size < _TWO_DIGITS
        return f"{size:.1f} {unit}" if is_small else f"{size:,.0f} {unit}"


@dataclass(frozen=True, slots=True)
class Count:
    """A number: of things, or that of a byte in a file."""

    number: int

    def __str__(self) -> str:
        return f"{self.number:,}"


@dataclass(frozen=True, slots=True)
class Position:
    """Which of several it is, counted from 1: ``3 of 7``."""

    number: int
    total: int

    def __str__(self) -> str:
        return f"{self.number} of {self.total}"


@dataclass(frozen=True, slots=True, init=False)
class Command:
    """A command to be pasted into a shell, in words; a path among them is never taken for an option."""

    words: tuple[str | FilePath, ...]

    def __init__(self, *words: str | FilePath) -> None:
        object.__setattr__(self, "words", words)

    def __str__(self) -> str:
        return " ".join(for_shell(word.path) if isinstance(word, FilePath) else shell_word(word) for word in self.words)


Part = str | int | FilePath | Digest | Size | Count | Position | Command
"""A ``str`` is our own words, or foreign text that is nothing else, such as a name or what a page says."""


@dataclass(frozen=True, slots=True, init=False)
class Text:
    """A message in one line, as its parts in order. Two are equal when they say the same of the same things.

    >>> str(Text("{} is cut short: {} of {} are here", FilePath("a/b"), Size(3), Size(5)))
    'a/b is cut short: 3 bytes of 5 bytes are here'
    """

    parts: tuple[Part, ...]

    def __init__(self, words: str, *parts: Part | Text | None) -> None:
        """Put each part where ``{}`` stands in the words, for None nothing; without parts they are taken as they are.

        Raises ValueError when there are more or fewer places than parts.
        """
        between = words.split("{}") if parts else [words]
        if len(between) != len(parts) + 1:
            raise ValueError(f"{len(parts)} parts for {len(between) - 1} places: {words}")
        object.__setattr__(self, "parts", tuple(_merged(between, parts)))

    def replacing_first(self, part: Part) -> Text:
        """The same message with another part at its beginning."""
        return Text("{}" * len(self.parts), part, *self.parts[1:])

    def __add__(self, more: Part | Text) -> Text:
        return Text("{}{}", self, more)

    def __bool__(self) -> bool:
        return bool(self.parts)

    def __str__(self) -> str:
        return printable("".join(map(str, self.parts)))


def joined(separator: str, items: Iterable[Part | Text]) -> Text:
    """The items one after the other, with the separator between them."""
    parts = tuple(items)
    return Text(separator.join(["{}"] * len(parts)), *parts)


def listed(items: Iterable[Part | Text], limit: int = 5) -> Text:
    """The first few of a list, and how many more there are."""
    rest = iter(items)
    first = joined(", ", islice(rest, limit))
    more = sum(1 for _ in rest)
    return Text("{} and {} more", first, str(more)) if more else first


def _merged(between: Sequence[str], parts: Sequence[Part | Text | None]) -> list[Part]:
    """The words and the parts in order, neighbouring words in one: it doesn't matter how a message was put together.

    Words that thousands of messages have in common are kept once.
    """
    merged: list[Part] = []
    words = between[0]
    for part, following in zip(parts, between[1:], strict=True):
        for each in part.parts if isinstance(part, Text) else (part,):
            if isinstance(each, str):
                words += each
            elif each is not None:
                if words:
                    merged.append(sys.intern(words))
                    words = ""
                merged.append(each)
        words += following
    if words:
        merged.append(sys.intern(words))
    return merged
