"""The one place where an executor is made: in what tasks run is decided here, and nobody else knows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum

from importer.errors import UsageError
from importer.places.opener import Opener
from importer.progress import Progress
from importer.work.executor import Executor, ThreadExecutor


class Engine(StrEnum):
    """In what tasks run."""

    THREADS = "threads"
    PROCESSES = "processes"
    DASK = "dask"


@contextmanager
def executor_of(
    jobs: int | None,
    progress: Progress,
    opener: Opener | None = None,
    engine: Engine = Engine.THREADS,
    scheduler: str | None = None,
) -> Iterator[Executor]:
    """An executor; what it started ends with the context.

    Args:
        jobs: how many tasks run at once; None leaves it to the machine.
        progress: is told of the bytes that are read.
        opener: opens what is read in this process; None for one of its own.
        engine: in what the tasks run.
        scheduler: that of a Dask cluster that runs, as HOST:PORT; None for a cluster of this machine's own.

    Raises ClusterError, and UsageError where Dask isn't installed.
    """
    opener = opener or Opener()
    if engine is Engine.PROCESSES:
        from importer.work.processes import ProcessExecutor  # noqa: PLC0415 (takes longer than a command of few files)

        with ProcessExecutor(jobs or os.cpu_count() or 1, progress, opener) as processes:
            yield processes
    elif engine is Engine.DASK:
        with _dask(jobs, progress, opener, scheduler) as cluster:
            yield cluster
    else:
        yield ThreadExecutor(jobs, progress, opener)


def _dask(
    jobs: int | None, progress: Progress, opener: Opener, scheduler: str | None
) -> AbstractContextManager[Executor]:
    try:
        from importer.work.cluster.clusters import at_cluster, at_local_cluster  # noqa: PLC0415 (an extra, and slow)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"--engine dask needs two more packages ({error.name} is missing): "
            "pip install 'distributed>=2025.1' 'cryptography>=42'"
        ) from error
    if scheduler:
        return at_cluster(scheduler, progress, opener)
    return at_local_cluster(jobs or os.cpu_count() or 1, progress, opener)
