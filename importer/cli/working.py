"""What every command does its work with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from importer.cli.console import progress_shown
from importer.places.opener import Opener
from importer.work.engines import executor_of
from importer.work.executor import Executor


@contextmanager
def at_work(jobs: int | None = None, *, shows_progress: bool, opener: Opener | None = None) -> Iterator[Executor]:
    """An executor whose progress is shown where that is wanted and there is a terminal; see ``executor_of``."""
    with progress_shown(wanted=shows_progress) as progress, executor_of(jobs, progress, opener) as executor:
        yield executor
