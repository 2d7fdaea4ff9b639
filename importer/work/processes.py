"""The executor of processes; a module of its own, as loading the library takes longer than a command of a few files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context
from types import TracebackType

from importer.places.opener import Opener
from importer.progress import Progress
from importer.work.executor import Result, largest_first
from importer.work.task import Task, Tools


class ProcessExecutor:
    """Carries tasks out in processes of their own, as other machines would: nothing is shared but the files.

    Use it as a context manager: its processes end with it.

    Args:
        jobs: how many processes there are.
        progress: is told of each task's bytes when it is done.
        opener: opens what is asked for in this process.
    """

    is_local = False

    def __init__(self, jobs: int, progress: Progress, opener: Opener) -> None:
        self._pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
        self.progress = progress
        self.tools = Tools(opener, progress.advance)

    def __enter__(self) -> ProcessExecutor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    @contextmanager
    def started(self, tasks: Iterable[Task[Result]]) -> Iterator[Iterator[Result]]:
        """Begin all tasks, as ``Executor`` says."""
        ordered = largest_first(tasks)
        yield self._results(ordered, [self._pool.submit(_carried_out, task) for task in ordered])

    def _results(self, tasks: Sequence[Task[Result]], futures: Sequence[Future[Result]]) -> Iterator[Result]:
        for task, future in zip(tasks, futures, strict=True):
            yield future.result()
            self.progress.advance(task.size)


def _carried_out(task: Task[Result]) -> Result:
    return task.carry_out(Tools(_opener_of_this_process()))


@cache
def _opener_of_this_process() -> Opener:
    return Opener()
