"""Where the content of compressed archives is kept while the program runs.

A compressed stream can be read from its start alone, and members are opened in any order, by
several threads, some of them twice. Decompressing from the start each time would take quadratic
time; keeping decompressor states works for gzip but not for a zstd frame, and takes memory that
grows with the archive. So such an archive is decompressed once, into one temporary file without a
name: as much disk as its content is large, no memory, and nothing is left behind even by a kill.
What can be read in place (zip, plain tar, stored archives in these) never comes here.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
import tempfile
import threading
import weakref
from pathlib import Path
from typing import BinaryIO, Final, cast

_MARGIN: Final = 256 << 20
"""Bytes of the disk that are left free for others."""

_CHECK_EVERY: Final = 64 << 20


class NoCopyError(OSError):
    """No temporary copy can be begun."""

    def __init__(self, error: OSError) -> None:
        super().__init__(
            error.errno,
            f"can't make a temporary copy of it: {error.strerror}; unpack it yourself and give the folder, or set "
            "TMPDIR to a place that can be written to",
        )


class Spool:
    """A temporary file that is written once and then read at any place, by any thread; raises NoCopyError."""

    def __init__(self) -> None:
        try:
            self._folder = _folder()
            self._file = cast("BinaryIO", tempfile.TemporaryFile(dir=self._folder, buffering=0))  # noqa: SIM115
        except OSError as error:
            raise NoCopyError(error) from error
        self._lock = threading.Lock()
        self._checked = 0
        self.size = 0
        weakref.finalize(self, self._file.close)

    def append(self, piece: bytes) -> None:
        """Write the next bytes; raises OSError when the disk has no room for them."""
        if self.size >= self._checked:
            self._check_room()
        view = memoryview(piece)
        while view:
            view = view[self._file.write(view) :]
        self.size += len(piece)

    def open(self) -> BinaryIO:
        """A new stream over all that was written."""
        return cast("BinaryIO", _SpoolStream(self))

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill a buffer from an offset on; returns how many bytes came."""
        with self._lock:
            self._file.seek(offset)
            count: int = self._file.readinto(buffer)  # type: ignore[attr-defined]
        return count

    def _check_room(self) -> None:
        if shutil.disk_usage(self._folder).free < _MARGIN + _CHECK_EVERY:
            raise OSError(
                errno.ENOSPC,
                f"not enough space in {self._folder} to decompress it; unpack it yourself and give the folder, "
                "or set TMPDIR to a place with more space",
            )
        self._checked = self.size + _CHECK_EVERY


class _SpoolStream(io.RawIOBase):
    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        bases = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._spool.size}
        self._position = bases[whence] + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        count = self._spool.read_into(memoryview(buffer), self._position)
        self._position += count
        return count


def _folder() -> str:
    # /tmp is often kept in memory; /var/tmp is the place for large files (Filesystem Hierarchy Standard 3.0, 5.15).
    on_disk = Path("/var/tmp")  # noqa: S108
    if "TMPDIR" not in os.environ and on_disk.is_dir() and os.access(on_disk, os.W_OK):
        return os.fspath(on_disk)
    return tempfile.gettempdir()
