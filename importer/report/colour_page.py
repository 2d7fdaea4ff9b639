"""A terminal with colours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from importer.report.page import Styled
from importer.words.printable import printable

_ROOM_FOR_WORDS: Final = 24
_WORD: Final = re.compile(r"\s*\S+\s*")


class ColourPage:
    """Prints with rich, which knows NO_COLOR, widths and old terminals; markup is never read.

    Args:
        console: where to; None is the standard output.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()

    @property
    def has_symbols(self) -> bool:
        """Whether the terminal's encoding has more than ASCII."""
        return "utf" in (self._console.encoding or "").lower()

    def line(self, *parts: str | Styled, indent: int = 0, hang: int = 0) -> None:
        """Print the parts one after the other, broken between words at the terminal's edge.

        A word that is longer than a line, as a path or a digest may be, stays whole: the terminal folds
        it, and whoever copies it gets one word.
        """
        text = Text()
        for part in parts:
            styled = part if isinstance(part, Styled) else Styled(part, "")
            text.append(printable(styled.text), styled.style)
        for line in self._broken(text, indent, hang):
            self._console.print(line, highlight=False, soft_wrap=True)

    def copyable(self, text: str, indent: int = 0) -> None:
        """Print one line and leave it to the terminal to fold it, which a copy doesn't see."""
        self._console.print(Text(" " * indent + printable(text)), highlight=False, soft_wrap=True)

    def _broken(self, text: Text, indent: int, hang: int) -> Iterator[Text]:
        width = self._console.width
        # On a very narrow terminal an indent would leave no room for words.
        hang = hang if width - indent - hang >= _ROOM_FOR_WORDS else 0
        places = [*_breaks(text.plain, width - indent, width - indent - hang)]
        for number, line in enumerate(text.divide(places)):
            line.rstrip()
            yield Text(" " * (indent + (hang if number else 0))).append_text(line)


def _breaks(text: str, first: int, rest: int) -> Iterator[int]:
    """Where lines begin, but for the first, so that none is wider than its columns unless it is one word."""
    room, used = first, 0
    for word in _WORD.finditer(text):
        if used and used + cell_len(word[0].rstrip()) > room:
            yield word.start()
            room, used = rest, 0
        used += cell_len(word[0])
