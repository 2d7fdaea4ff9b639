"""Making what was written outlast a power cut.

Sources: fsync(2), and "A note on fsync" in POSIX.1-2017; Apple, fsync(2), on F_FULLFSYNC. registry:2 does the same for
each file (distribution v2.8.3, registry/storage/driver/filesystem/driver.go, ``Sync``).
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_AT_ONCE: Final = 16
"""Files of a batch that wait for the disk at a time: a journal commits together what waits together."""

_NO_SUCH_CALL: Final = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}
"""What file systems answer that can't write a folder's entries through; they have no promise to keep."""

if sys.platform == "win32":

    def _write_through(descriptor: int) -> None:
        os.fsync(descriptor)
else:
    import fcntl

    _FULL: Final[int | None] = getattr(fcntl, "F_FULLFSYNC", None)

    def _write_through(descriptor: int) -> None:
        # Apple's fsync stops at the drive's own buffer.
        if _FULL is not None:
            try:
                fcntl.fcntl(descriptor, _FULL)
            except OSError as error:
                if error.errno not in _NO_SUCH_CALL:
                    raise
            else:
                return
        os.fsync(descriptor)


@dataclass(frozen=True, slots=True)
class Durability:
    """Whether files and folders are written through to the disk before anything is called done.

    All methods raise OSError when the system can't do it: then nothing may be called done.
    """

    is_wanted: bool = True

    def stream(self, descriptor: int) -> None:
        """Write an open file through."""
        if self.is_wanted:
            _write_through(descriptor)

    def files(self, paths: Iterable[Path]) -> None:
        """Write the content of closed files through, many at a time."""
        if self.is_wanted:
            _each(_sync_file, paths)

    def folders(self, paths: Iterable[Path]) -> None:
        """Write through which names the folders hold."""
        # Windows writes them through with the files.
        if self.is_wanted and sys.platform != "win32":
            _each(_sync_folder, paths)


def _each(sync: Callable[[Path], None], paths: Iterable[Path]) -> None:
    todo = list(dict.fromkeys(paths))
    if len(todo) < 2:
        for path in todo:
            sync(path)
        return
    with ThreadPoolExecutor(min(_AT_ONCE, len(todo))) as pool:
        try:
            for _ in pool.map(sync, todo):
                pass
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _sync_file(path: Path) -> None:
    # Linux reports an error of writing back to whoever opens the file next; Windows wants the right to write.
    descriptor = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        _write_through(descriptor)
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error
    finally:
        os.close(descriptor)


def _sync_folder(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except PermissionError:
        # One may be allowed to put files into a folder and not to list it: then everything is written through.
        os.sync()
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SUCH_CALL:
            raise OSError(error.errno, error.strerror, os.fspath(path)) from error
    finally:
        os.close(descriptor)
