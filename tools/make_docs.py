"""Writes the pages of docs/ that are made from code: ``python -m tools.make_docs`` at the top of the repository."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tools import messages_page, reports_page, rules_page

PAGES: Final[dict[str, Callable[[], str]]] = {
    "messages.md": messages_page.render_page,
    "reports.md": reports_page.render_page,
    "rules.md": rules_page.render_page,
}
"""The name of each page, and what makes its text."""


def write_pages(folder: Path) -> None:
    """Write all pages into a folder, over those that are there."""
    for name, render in PAGES.items():
        (folder / name).write_text(render() + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_pages(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
