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


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120])
def test_nothing_that_was_said_is_cut(width: int) -> None:
    assert "…" not in drawn(width)


def test_bytes_and_share_are_told() -> None:
    assert "0 B of 17 MB · 0 %" in drawn(80)


def test_the_activity_is_whole_on_a_usual_terminal() -> None:
    assert ACTIVITY in drawn(80)


def test_work_of_unknown_size_is_not_shown_as_done() -> None:
    stream = io.StringIO()
    with ProgressBar(Console(file=stream, width=80, force_terminal=True)) as bar:
        bar.start("Reading links", 0)
    assert "Reading links" in stream.getvalue()
    assert "%" not in stream.getvalue()


class Clock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def last_line(seconds: float, encoding: str = "utf-8") -> str:
    """What is left on the terminal after two stretches that took so many seconds each."""
    written, clock = io.BytesIO(), Clock()
    stream = io.TextIOWrapper(written, encoding=encoding, newline="")
    with ProgressBar(Console(file=stream, width=80, force_terminal=True), clock) as bar:
        for activity in ("Reading", "Recompressing sha256:1a91fa2446d1", "Recompressing sha256:2b91fa2446d1, try 2"):
            bar.start(activity, 40_000_000)
            bar.advance(30_000_000)
            bar.advance(1_000_000)
            clock.now += seconds
    stream.flush()
    return written.getvalue().decode(encoding).rpartition(CURSOR_IS_BACK)[2].lstrip("\r")


def test_at_the_end_it_says_what_was_done_in_which_time() -> None:
    assert last_line(2) == "Reading: 31 MB in 2 s, 16 MB/s · Recompressing: 62 MB in 4 s, 16 MB/s\n"


def test_what_took_no_time_has_no_last_line() -> None:
    assert "Reading" not in last_line(0.1)


def test_a_terminal_without_unicode_gets_ascii() -> None:
    assert last_line(2, "ascii") == "Reading: 31 MB in 2 s, 16 MB/s - Recompressing: 62 MB in 4 s, 16 MB/s\n"
