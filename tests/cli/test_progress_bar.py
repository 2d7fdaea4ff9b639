"""The progress bar on terminals of several widths."""

import io

import pytest
from rich.console import Console

from importer.cli.progress_bar import ProgressBar

ACTIVITY = "Recompressing sha256:1a91fa2446d1, try 1"
CURSOR_IS_BACK = "\x1b[?25h"


def drawn(width: int) -> str:
    """What the terminal is sent until the bar has ended."""
    stream = io.StringIO()
    with ProgressBar(Console(file=stream, width=width, force_terminal=True)) as bar:
        bar.start(ACTIVITY, 16 << 20)
        bar.advance(8 << 20)
    return stream.getvalue().partition(CURSOR_IS_BACK)[0].rstrip("\n")


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_the_bar_stays_in_one_line(width: int) -> None:
    text = drawn(width)
    assert "Recompr" in text
    assert "\n" not in text


def test_the_activity_is_whole_on_a_usual_terminal() -> None:
    assert ACTIVITY in drawn(80)


def test_work_of_unknown_size_is_not_shown_as_done() -> None:
    stream = io.StringIO()
    with ProgressBar(Console(file=stream, width=80, force_terminal=True)) as bar:
        bar.start("Reading links", 0)
    assert "0/? bytes" in stream.getvalue()
