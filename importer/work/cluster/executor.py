"""The executor of a Dask cluster: its workers read, and what they can't see is never called missing or damaged."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import uuid4

from distributed import Client

from importer.errors import BlobfixError, ClusterError
from importer.places.address import Address, StoredObject, paths_of, stored_in
from importer.places.opener import Opener
from importer.progress import Progress
from importer.work.cluster.batch import Answer, Done, Release, Sender, own_path, release_here, unpacked
from importer.work.cluster.flight import GO_ON, Flight, in_batches, lost
from importer.work.cluster.sight import Sight
from importer.work.executor import Result, largest_first
from importer.work.task import Task, Tools

_BATCHES_OF_A_THREAD: Final = 4
_AHEAD: Final = 2
"""Batches that each thread of a worker has at a time: one that it carries out, and the next."""

_WAIT: Final = 10
"""Seconds in which the first worker must have come."""


class DaskExecutor:
    """Carries tasks out on the workers of a cluster. Raises ClusterError for one that isn't fit for it.

    Args:
        client: the connection to the scheduler; whoever made it closes it.
        name: the cluster's, for messages.
        progress: is told of each task's bytes when its batch is done.
        opener: opens what is asked for in this process.
    """

    is_local = False

    def __init__(self, client: Client, name: str, progress: Progress, opener: Opener) -> None:
        self._client = client
        self._name = name
        self._sender = Sender(release_here(), os.getcwd(), uuid4().hex)  # noqa: PTH109 (as text)
        self._began = time.time_ns()
        self.progress = progress
        self.tools = Tools(opener, progress.advance, progress.start)
        self._demand_workers()

    @contextmanager
    def started(self, tasks: Iterable[Task[Result]]) -> Iterator[Iterator[Result]]:
        """Begin all tasks, as ``Executor`` says."""
        threads = self._threads()
        batches = in_batches(largest_first(tasks), threads * _BATCHES_OF_A_THREAD)
        flight = Flight(self._client, self._name, self._sender, batches, threads * _AHEAD)
        try:
            yield self._results(flight)
        finally:
            flight.stop()

    def _results(self, flight: Flight) -> Iterator[Any]:
        for batch, answer in flight.landed():
            if answer.done is None:
                raise ClusterError(self._refusal({answer.worker: answer.release}))
            for task, done in zip(batch, unpacked(answer.done), strict=True):
                yield done.result if self._is_settled(done) else self._settled(task, done, answer)
                self.progress.advance(task.size)

    def _is_settled(self, done: Done) -> bool:
        return done.trouble is None and all(map(self._is_same, done.sights))

    def _settled(self, task: Task[Any], done: Done, answer: Answer) -> Any:
        """What this process makes of a task that a worker had trouble with: as without a cluster.

        Raises ClusterError where it is the worker that can't see what is there for this process.
        """
        trouble = done.trouble
        if trouble and trouble.unseen and self._can_open(trouble.unseen):
            raise ClusterError(_blindness(_host(answer), trouble.unseen, trouble.reason))
        for sight in done.sights:
            if not self._is_same(sight) and self._was_before(sight):
                path = own_path(sight.path, self._sender.folder)
                raise ClusterError(
                    f"{_host(answer)} sees another file than this machine at {path}; share one folder with all "
                    "workers, or use a bucket"
                )
        return task.carry_out(self.tools)

    def _is_same(self, sight: Sight) -> bool:
        try:
            status = os.stat(sight.path)  # noqa: PTH116 (a path as text, a million times)
        except OSError:
            return False
        return (status.st_size, status.st_mtime_ns) == (sight.size, sight.changed)

    def _was_before(self, sight: Sight) -> bool:
        """Whether a file is as it was when the work began: it wasn't changed since a worker has seen it."""
        try:
            status = os.stat(sight.path)  # noqa: PTH116 (as text)
        except OSError:
            return False
        return max(status.st_mtime_ns, status.st_ctime_ns) < self._began

    def _can_open(self, address: Address) -> bool:
        try:
            return all(self.tools.opener.head(stored, 1) is not None for stored in stored_in(address))
        except (OSError, BlobfixError):
            return False

    def _threads(self) -> int:
        try:
            return sum(self._client.nthreads().values()) or 1
        except (OSError, RuntimeError, TypeError) as error:
            raise lost(self._name) from error

    def _demand_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=_WAIT)
        except TimeoutError as error:
            raise ClusterError(
                f"{self._name}: has no workers; start some: dask worker {self._name.removeprefix('dask://')}"
            ) from error
        answers: dict[str, Any] = self._client.run(release_here, on_error="return")
        if refusal := self._refusal(answers):
            raise ClusterError(refusal)

    def _refusal(self, releases: dict[str, Any]) -> str:
        wanted = self._sender.release
        others = [
            f"{_short(worker)} has {found if isinstance(found, Release) else f'none ({found})'}"
            for worker, found in sorted(releases.items())
            if found != wanted
        ]
        if not others:
            return ""
        more = f" and {len(others) - 3:,} more" if len(others) > 3 else ""
        return f"workers must have {wanted}, as this machine: {', '.join(others[:3])}{more}; install it there, {GO_ON}"


def _blindness(worker: str, address: Address, reason: str) -> str:
    path = next(iter(paths_of(address)), "a file")
    if isinstance(address, StoredObject):
        return f"{worker} can't read {path} ({reason}); set endpoint and credentials in the environment of all workers"
    return f"{worker} can't read {path} ({reason}); share the folder with all workers at the same path, or use a bucket"


def _host(answer: Answer) -> str:
    return f"worker {_short(answer.worker)}"


def _short(worker: str) -> str:
    return worker.partition("://")[2] or worker
