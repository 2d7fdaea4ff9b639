"""Batches on their way: a bounded number of them is at the cluster, and their answers come in the batches' order."""

from __future__ import annotations

import queue
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, Final

from distributed import Client, Future
from distributed.client import FutureCancelledError
from distributed.scheduler import KilledWorker

from importer.errors import ClusterError
from importer.work.cluster.batch import Answer, Sender, carried_out, packed
from importer.work.task import Task

_MOST_TASKS: Final = 1000
_MOST_BYTES: Final = 1 << 30
_BYTES_OF_A_TASK: Final = 16 << 10
"""What a worker reads in the time that a file takes beside its bytes."""

_LOOK_EVERY: Final = 5.0
_MOST_LOOKS: Final = 12
"""After so many seconds without an answer the cluster is looked at; so often it may be without a worker."""

GO_ON: Final = "and run the same command again; with --state FILE, what was read before isn't read again"

_PATIENCE: Final = 60.0
"""Seconds in which an answer that is ready must have come."""

Batch = Sequence[Task[Any]]


class Flight:
    """Some batches that a cluster carries out; the first are sent at once.

    Args:
        client: the connection to the scheduler.
        name: the cluster's, for messages.
        sender: who sends them.
        batches: in the order in which they are begun.
        most: how many may be at the cluster.
    """

    def __init__(self, client: Client, name: str, sender: Sender, batches: Iterable[Batch], most: int) -> None:
        self._client = client
        self._name = name
        self._sender = sender
        self._waiting = enumerate(batches)
        self._flying: dict[Future[Answer], tuple[int, Batch]] = {}
        self._ended: queue.SimpleQueue[Future[Answer]] = queue.SimpleQueue()
        for number, batch in islice(self._waiting, most):
            self._send(number, batch)

    def landed(self) -> Iterator[tuple[Batch, Answer]]:
        """Each batch with its answer. Raises ClusterError, and what a task has raised that is nobody's mistake."""
        early: dict[int, tuple[Batch, Answer]] = {}
        number = 0
        while self._flying:
            future = self._next_ended()
            place, batch = self._flying.pop(future)
            early[place] = batch, self._answer(future, batch)
            future.release()
            for following, another in islice(self._waiting, 1):
                self._send(following, another)
            while number in early:
                yield early.pop(number)
                number += 1

    def stop(self) -> None:
        """Take back what is still at the cluster."""
        # Where the scheduler is gone, there is nothing to take back.
        if self._flying and self._client.status == "running":
            with suppress(OSError, RuntimeError):
                self._client.cancel([*self._flying])
        self._flying.clear()

    def _send(self, number: int, batch: Batch) -> None:
        content = packed(batch, self._sender.folder)
        future = self._client.submit(carried_out, self._sender, content, pure=False)
        self._flying[future] = number, batch
        future.add_done_callback(self._ended.put)

    def _next_ended(self) -> Future[Answer]:
        lonely = 0
        while lonely < _MOST_LOOKS:
            try:
                return self._ended.get(timeout=_LOOK_EVERY)
            except queue.Empty:
                lonely = 0 if self._has_workers() else lonely + 1
        raise ClusterError(f"{self._name}: no worker is left; start some, {GO_ON}")

    def _has_workers(self) -> bool:
        try:
            return bool(self._client.nthreads())
        except (OSError, RuntimeError, TypeError) as error:
            # What it raises depends on how far it has come with closing a connection that broke.
            raise lost(self._name) from error

    def _answer(self, future: Future[Answer], batch: Batch) -> Answer:
        try:
            return future.result(timeout=_PATIENCE)
        except (FutureCancelledError, OSError) as error:
            raise lost(self._name) from error
        except KilledWorker as error:
            raise ClusterError(
                f"{self._name}: several workers have died over the same {len(batch):,} files; look into their logs, "
                f"give them more memory, {GO_ON}"
            ) from error
        except (ImportError, AttributeError) as error:
            raise ClusterError(
                f"{self._name}: a worker has no {self._sender.release} ({error}); install it there, {GO_ON}"
            ) from error


def in_batches(tasks: Sequence[Task[Any]], count: int) -> Iterator[Batch]:
    """The tasks in about so many batches that take about as long, or more if they would be large."""
    most = min(max(1, sum(map(_weight, tasks)) // count), _MOST_BYTES)
    batch: list[Task[Any]] = []
    weight = 0
    for task in tasks:
        if batch and (weight + _weight(task) > most or len(batch) == _MOST_TASKS):
            yield batch
            batch, weight = [], 0
        batch.append(task)
        weight += _weight(task)
    if batch:
        yield batch


def lost(name: str) -> ClusterError:
    """The error for a scheduler that no longer answers."""
    return ClusterError(f"{name}: the connection to the scheduler broke; see that it runs, {GO_ON}")


def _weight(task: Task[Any]) -> int:
    return task.size + _BYTES_OF_A_TASK
