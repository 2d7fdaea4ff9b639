"""Several tasks as they travel to a worker, and what it answers.

Both ways go pickles of plain values. A path that counts from the coordinator's folder counts from there on the worker
as well, and comes back as it was.
"""

from __future__ import annotations

import copyreg
import io
import os
import pickle
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from distributed.worker import get_worker

import importer
from importer.errors import BlobfixError
from importer.places.address import FileOnDisk
from importer.places.folder_store import FolderStore
from importer.places.opener import Opener
from importer.work.cluster.sight import Sight, Trouble, WatchedOpener, Witness
from importer.work.task import Task, Tools


class Release(NamedTuple):
    """What coordinator and workers must have in common: versions of blobfix and of Python."""

    blobfix: str
    python: str

    def __str__(self) -> str:
        return f"blobfix {self.blobfix} on Python {self.python}"


class Sender(NamedTuple):
    """Who sends batches.

    Attributes:
        release: what it is.
        folder: its current one.
        run: by which the temporary copies of a run are found again.
    """

    release: Release
    folder: str
    run: str


class Done(NamedTuple):
    """What a worker made of one task.

    Attributes:
        result: None where the task has raised.
        sights: the files that it opened.
        trouble: why the result says less than another machine's may.
    """

    result: Any
    sights: tuple[Sight, ...]
    trouble: Trouble | None


class Answer(NamedTuple):
    """What a worker makes of a batch.

    Attributes:
        worker: its address.
        release: what it is.
        done: a pickle of what became of each task; None if it didn't begin.
    """

    worker: str
    release: Release
    done: bytes | None


def release_here(python: tuple[int, ...] = sys.version_info[:2]) -> Release:
    """What this process is."""
    return Release(importer.__version__, ".".join(map(str, python)))


def packed(values: Iterable[Any], folder: str) -> bytes:
    """A pickle of tasks, for ``unpacked`` anywhere."""
    return _pickled([*values], _anchored(folder))


def unpacked(content: bytes) -> list[Any]:
    """What ``packed`` was given, with paths that hold here."""
    values: list[Any] = pickle.loads(content)  # noqa: S301 (from the user's own coordinator or workers)
    return values


def carried_out(sender: Sender, content: bytes) -> Answer:
    """Carry out a batch; runs on a worker."""
    worker, here = get_worker(), release_here()
    if here != sender.release:
        return Answer(worker.address, here, None)
    key = worker.get_current_task()

    def advance(_: int) -> None:
        # The coordinator has ended, or wants it no more.
        state = worker.state.tasks.get(key)
        if state is None or state.state == "cancelled":
            raise CancelledError

    opener = _opener_of(sender.run)
    done = [watched(task, opener, advance) for task in unpacked(content)]
    return Answer(worker.address, here, _pickled(done, _freed(sender.folder)))


def watched(task: Task[Any], opener: Opener, advance: Callable[[int], None]) -> Done:
    """Carry out one task, and tell what it saw."""
    witness = Witness()
    result = None
    try:
        result = task.carry_out(Tools(WatchedOpener(opener, witness), advance))
    except (BlobfixError, OSError) as error:
        witness.note(Trouble(str(error)))
    return Done(result, tuple(witness.sights), witness.trouble)


def own_path(path: str, folder: str) -> str:
    """The path of a file that a worker has opened, as the coordinator has it."""
    return _without(path, _start(folder))


@lru_cache(maxsize=2)
def _opener_of(run: str) -> Opener:  # noqa: ARG001 (one for each run)
    return Opener()


def _pickled(values: list[Any], path_of: Callable[[str], str]) -> bytes:
    stream = io.BytesIO()
    pickler = pickle.Pickler(stream, protocol=5)
    pickler.dispatch_table = {
        **copyreg.dispatch_table,
        FileOnDisk: lambda file: (FileOnDisk, (path_of(file.path),)),
        FolderStore: lambda store: (FolderStore, (Path(path_of(os.fspath(store.root))),)),
    }
    pickler.dump(values)
    return stream.getvalue()


def _start(folder: str) -> str:
    # The detour survives Path, and tells paths that counted from the folder from those that named it.
    return os.path.join(folder, os.pardir, os.path.basename(folder), "")  # noqa: PTH118, PTH119 (as text)


def _anchored(folder: str) -> Callable[[str], str]:
    start = _start(folder)
    return lambda path: path if os.path.isabs(path) else start + path  # noqa: PTH117 (as text)


def _freed(folder: str) -> Callable[[str], str]:
    start = _start(folder)
    return lambda path: _without(path, start)


def _without(path: str, start: str) -> str:
    return (path + os.sep).removeprefix(start).removesuffix(os.sep) if (path + os.sep).startswith(start) else path
