"""What an executor is, and the one of threads: it carries out tasks, several at a time, the largest first."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Final, Protocol, TypeVar

from importer.places.opener import Opener
from importer.progress import Progress
from importer.work.task import Task, Tools

_BATCH: Final = 4096
"""Tasks that wait at a time: each one that waits takes more room than most results."""

_MOST_TOGETHER: Final = 64
_SMALL_TOGETHER: Final = 1 << 20
"""Bytes that the small tasks of one bundle read together, at most."""

_BUNDLES: Final = 8
"""How many bundles there are at least for each thread, so that all are busy to the end."""

Result = TypeVar("Result")


class Executor(Protocol):
    """Carries out tasks.

    Attributes:
        progress: is told of the bytes that are read; whoever gives tasks says when they start and end.
        tools: what is used in this process, for what is asked in passing.
        is_local: whether tasks run in this process, and so may hand on what they read.
    """

    progress: Progress
    tools: Tools
    is_local: bool

    def started(self, tasks: Iterable[Task[Result]]) -> AbstractContextManager[Iterator[Result]]:
        """Begin all tasks, the largest first, so that no thread is left with one at the end; give their results.

        An interrupt within the context stops all of them at their next block.
        """
        ...


def run(executor: Executor, tasks: Iterable[Task[Result]]) -> list[Result]:
    """Carry out all tasks and give their results, those of the largest first."""
    ordered = largest_first(tasks)
    done: list[Result] = []
    for start in range(0, len(ordered), _BATCH):
        with executor.started(ordered[start : start + _BATCH]) as results:
            done += results
    return done


class ThreadExecutor:
    """Carries tasks out in threads: hashing and decompressing leave the interpreter free.

    Args:
        jobs: how many are carried out at once; None leaves it to the machine.
        progress: is told of every byte.
        opener: opens what they read.
    """

    is_local = True

    def __init__(self, jobs: int | None, progress: Progress, opener: Opener) -> None:
        self._jobs = jobs or os.cpu_count() or 1
        self.progress = progress
        self._stop = threading.Event()
        self.tools = Tools(opener, self._advance, progress.start)

    @contextmanager
    def started(self, tasks: Iterable[Task[Result]]) -> Iterator[Iterator[Result]]:
        """Begin all tasks, as ``Executor`` says."""
        with ThreadPoolExecutor(max_workers=self._jobs) as pool:
            try:
                bundles = _bundles(largest_first(tasks), self._jobs)
                futures = [pool.submit(_carry_out, bundle, self.tools) for bundle in bundles]
                yield (result for future in futures for result in future.result())
            except BaseException:
                self._stop.set()
                pool.shutdown(cancel_futures=True)
                raise

    def _advance(self, size: int) -> None:
        """Pass progress on; raises CancelledError in every thread once one was interrupted."""
        if self._stop.is_set():
            raise CancelledError
        self.progress.advance(size)


def largest_first(tasks: Iterable[Task[Result]]) -> list[Task[Result]]:
    """The tasks in the order in which an executor begins them."""
    return sorted(tasks, key=lambda task: -task.size)


def _bundles(tasks: Sequence[Task[Result]], jobs: int) -> Iterator[Sequence[Task[Result]]]:
    """The tasks in order, small ones together: handing one over costs as much as reading a small file."""
    most = min(_MOST_TOGETHER, max(1, len(tasks) // (jobs * _BUNDLES)))
    bundle: list[Task[Result]] = []
    size = 0
    for task in tasks:
        if bundle and (len(bundle) == most or size + task.size > _SMALL_TOGETHER):
            yield bundle
            bundle, size = [], 0
        bundle.append(task)
        size += task.size
    if bundle:
        yield bundle


def _carry_out(bundle: Sequence[Task[Result]], tools: Tools) -> list[Result]:
    return [task.carry_out(tools) for task in bundle]
