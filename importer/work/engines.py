"""The one place where an executor is made: in what tasks run is decided here, and nobody else knows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from importer.places.opener import Opener
from importer.progress import Progress
from importer.work.executor import Executor, ThreadExecutor


class Engine(StrEnum):
    """In what tasks run."""

    THREADS = "threads"
    PROCESSES = "processes"


@contextmanager
def executor_of(
    jobs: int | None, progress: Progress, opener: Opener | None = None, engine: Engine = Engine.THREADS
) -> Iterator[Executor]:
    """An executor; what it started ends with the context.

    Args:
        jobs: how many tasks run at once; None leaves it to the machine.
        progress: is told of the bytes that are read.
        opener: opens what is read in this process; None for one of its own.
        engine: in what the tasks run.
    """
    opener = opener or Opener()
    if engine is Engine.PROCESSES:
        from importer.work.processes import ProcessExecutor  # noqa: PLC0415 (takes longer than a command of few files)

        with ProcessExecutor(jobs or os.cpu_count() or 1, progress, opener) as processes:
            yield processes
    else:
        yield ThreadExecutor(jobs, progress, opener)
