"""Loaded by a Dask worker before it begins: it then is what the environment says, as machines are that others set up.

HIDDEN: a path below which nothing is there for it, as with a folder that isn't shared.
STALE: a path below which files have another time of change, as in a copy that was made at another time.
RELEASE: the version of blobfix that it has.
KILLS: a process that is killed, by its id, when the worker opens its fifth file below READ; 0 for the worker itself.
"""

from __future__ import annotations

import errno
import itertools
import os
import signal
from typing import Any

HIDDEN, STALE, RELEASE, KILLS, READ = (
    os.environ.get(name, "") for name in ("HIDDEN", "STALE", "RELEASE", "KILLS", "READ")
)


def _is_below(path: Any, folder: str) -> bool:
    return bool(folder) and isinstance(path, str) and os.path.normpath(path).startswith(folder)


def _hiding(ask: Any) -> Any:
    def asked(path: Any, *arguments: Any, **options: Any) -> Any:
        if _is_below(path, HIDDEN):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return ask(path, *arguments, **options)

    return asked


def _killing(ask: Any) -> Any:
    numbers = itertools.count(1)

    def asked(path: Any, *arguments: Any, **options: Any) -> Any:
        if _is_below(path, READ) and next(numbers) == 5:
            os.kill(int(KILLS) or os.getpid(), signal.SIGKILL)
        return ask(path, *arguments, **options)

    return asked


def _aging(ask: Any) -> Any:
    def asked(descriptor: int) -> Any:
        status = ask(descriptor)
        if not _is_below(os.path.realpath(f"/proc/self/fd/{descriptor}"), STALE):
            return status
        return os.stat_result(status[:10], {"st_mtime_ns": status.st_mtime_ns - 1})

    return asked


if HIDDEN:
    os.open, os.stat = _hiding(os.open), _hiding(os.stat)
if KILLS:
    os.open = _killing(os.open)
if STALE:
    os.fstat = _aging(os.fstat)
if RELEASE:
    import importer

    importer.__version__ = RELEASE
