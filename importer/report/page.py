"""Where a report for people is printed: a terminal with colours, or a plain text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TextIO

from importer.words.printable import printable


@dataclass(frozen=True, slots=True)
class Styled:
    """A piece of text and how it looks where looks are possible; a style as rich names it."""

    text: str
    style: str


class Page(Protocol):
    """Takes a report line by line."""

    @property
    def has_symbols(self) -> bool:
        """Whether marks beyond ASCII can be shown."""
        ...

    def line(self, *parts: str | Styled, indent: int = 0, hang: int = 0) -> None:
        """Print one line; what can't be printed in its parts is escaped.

        Args:
            parts: the text.
            indent: columns before it.
            hang: further columns before the second and later lines, where a line must be broken.
        """
        ...

    def copyable(self, text: str, indent: int = 0) -> None:
        """Print one line that people copy: it is never broken, however long it is."""
        ...


@dataclass(frozen=True, slots=True)
class Paper:
    """What a report is printed on.

    Attributes:
        page: makes the page for reports for people.
        write: takes a document for programs, all of it or one part after the other; no character may be changed.
        made: when the report is made.
        verbose: whether to show what is in order, too.
    """

    page: Callable[[], Page]
    write: Callable[[str], object]
    made: datetime
    verbose: bool = False


class PlainPage:
    """Text for files, pipes and terminals without colours."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def has_symbols(self) -> bool:
        """Whether the stream's encoding has more than ASCII."""
        return "utf" in (self._stream.encoding or "").lower()

    def line(self, *parts: str | Styled, indent: int = 0, hang: int = 0) -> None:  # noqa: ARG002
        """Print the parts one after the other; a line is never broken, so that grep finds it whole."""
        text = " " * indent + "".join(printable(part.text if isinstance(part, Styled) else part) for part in parts)
        encoding = self._stream.encoding or "utf-8"
        self._stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")

    def copyable(self, text: str, indent: int = 0) -> None:
        """Print one line; all lines are whole here."""
        self.line(text, indent=indent)
