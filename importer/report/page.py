"""Where a report for people is printed: a terminal with colours, or a plain text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TextIO

from importer.report.printable import for_terminal


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

    def line(self, *parts: str | Styled) -> None:
        """Print one line; what can't be printed in its parts is escaped."""
        ...


class PlainPage:
    """Text for files, pipes and terminals without colours."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def has_symbols(self) -> bool:
        """Whether the stream's encoding has more than ASCII."""
        return "utf" in (self._stream.encoding or "").lower()

    def line(self, *parts: str | Styled) -> None:
        """Print the parts one after the other."""
        text = "".join(for_terminal(part.text if isinstance(part, Styled) else part) for part in parts)
        encoding = self._stream.encoding or "utf-8"
        self._stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
