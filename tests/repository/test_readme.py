"""What the README shows is what happens."""

from __future__ import annotations

import re

from tests.blobfix import HOME, blobfix

README = (HOME / "README.md").read_text(encoding="utf-8")


def pattern_of(shown: str) -> str:
    """A shown output as a pattern: ``…`` at a line's end or in it stands for the rest, alone for any lines."""
    lines = shown.splitlines(keepends=True)
    return "".join(r"(?:.*\n)*?" if line.strip() == "…" else re.escape(line).replace("…", r".*") for line in lines)


def test_the_report_of_the_lost_download_is_quoted_truly() -> None:
    folder = "fixtures/lost/downloads"
    quoted = README.partition(f"`blobfix scan {folder}`")[2]
    shown = quoted.partition("```\n")[2].partition("```")[0]
    text = blobfix("scan", folder, cwd=HOME).text
    assert shown
    assert re.match(pattern_of(shown), text), text
