"""A terminal with colours."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from importer.report.page import Styled
from importer.report.printable import for_terminal


class ColourPage:
    """Prints with rich, which knows NO_COLOR, widths and old terminals; markup is never read."""

    def __init__(self) -> None:
        self._console = Console()

    @property
    def has_symbols(self) -> bool:
        """Whether the terminal's encoding has more than ASCII."""
        return "utf" in (self._console.encoding or "").lower()

    def line(self, *parts: str | Styled) -> None:
        """Print the parts one after the other, folded at the terminal's edge."""
        text = Text()
        for part in parts:
            text.append(for_terminal(part.text), part.style) if isinstance(part, Styled) else text.append(
                for_terminal(part)
            )
        self._console.print(text, highlight=False)
