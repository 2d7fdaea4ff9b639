"""Talking to people: messages and progress on the standard error stream."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext

from importer.progress import Progress, SilentProgress
from importer.report.page import Page, PlainPage
from importer.words.printable import printable


def progress_shown(*, wanted: bool) -> AbstractContextManager[Progress]:
    """A progress bar where it is wanted and a terminal can show it, else silence."""
    if not wanted or not sys.stderr.isatty():
        return nullcontext(SilentProgress())
    from importer.cli.progress_bar import ProgressBar  # noqa: PLC0415 (slow to load, and seldom needed)

    return ProgressBar()


def page_for_stdout() -> Page:
    """Colours for a terminal, plain text for anything else."""
    if not sys.stdout.isatty():
        return PlainPage(sys.stdout)
    from importer.report.colour_page import ColourPage  # noqa: PLC0415 (slow to load, as above)

    return ColourPage()


def write_document(text: str) -> None:
    """A document for programs on the standard output, in UTF-8 whatever the terminal's encoding is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()


def say(message: str) -> None:
    """A message for people, beside the result; what a terminal would obey in it is shown."""
    print(printable(message), file=sys.stderr, flush=True)  # noqa: T201


def tell(line: str) -> None:
    """A line of the result for people; what a terminal would obey in it is shown."""
    print(printable(line), flush=True)  # noqa: T201
