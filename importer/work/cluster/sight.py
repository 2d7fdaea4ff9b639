"""What a worker saw of the files it read, so that what it can't see is never taken for missing or damaged."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple, cast

from importer.errors import BlobfixError
from importer.places.address import Address, FileOnDisk
from importer.places.opener import Opener
from importer.places.store import Opened, Store

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_UNSEEN: Final = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EACCES, errno.EPERM}
"""What a system says of a file that it doesn't have, or doesn't give to this user."""


class Sight(NamedTuple):
    """A file that was opened: its path, size in bytes, and time of change in nanoseconds since 1970."""

    path: str
    size: int
    changed: int


class Trouble(NamedTuple):
    """What came between a worker and some bytes.

    Attributes:
        reason: in plain words.
        unseen: what isn't there for this worker; None where it is, and reading it failed.
    """

    reason: str
    unseen: Address | None = None


class Witness:
    """Notes what one task opens, and the first trouble that it has."""

    def __init__(self) -> None:
        self.sights: set[Sight] = set()
        self.trouble: Trouble | None = None

    def saw(self, path: str, status: os.stat_result) -> None:
        """A file was opened."""
        self.sights.add(Sight(path, status.st_size, status.st_mtime_ns))

    @contextmanager
    def opening(self, address: Address) -> Iterator[None]:
        """Note what is raised while something is opened."""
        try:
            yield
        except OSError as error:
            self.note(Trouble(_words(error), address if error.errno in _UNSEEN else None))
            raise
        except BlobfixError as error:
            # A bucket that can't be reached from here, or not with what this environment has for a login.
            self.note(Trouble(str(error), address))
            raise

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Note what is raised while something is read."""
        try:
            yield
        except (OSError, BlobfixError) as error:
            self.note(Trouble(_words(error)))
            raise

    def note(self, trouble: Trouble) -> None:
        """Note the first trouble; others come of it."""
        self.trouble = self.trouble or trouble


class WatchedOpener(Opener):
    """Opens for one task, whose witness is told of it.

    Args:
        opener: has the temporary copies.
        witness: is told.
    """

    def __init__(self, opener: Opener, witness: Witness) -> None:
        super().__init__(opener)
        self._witness = witness

    def open(self, address: Address) -> BinaryIO:
        """As ``Opener`` does."""
        with self._witness.opening(address):
            stream = super().open(address)
        if not isinstance(address, FileOnDisk):
            return stream
        self._witness.saw(address.path, os.fstat(stream.fileno()))
        return cast("BinaryIO", _Watched(stream, self._witness))

    def opened(self, store: Store, key: str) -> Opened:
        """As ``Opener`` does."""
        address = store.address(key)
        with self._witness.opening(address):
            opened = super().opened(store, key)
        if isinstance(address, FileOnDisk):
            self._witness.saw(address.path, os.fstat(opened.stream.fileno()))
        return Opened(cast("BinaryIO", _Watched(opened.stream, self._witness)), opened.stamp)


class _Watched(io.RawIOBase):
    """A stream of which the witness is told what it raises."""

    def __init__(self, stream: BinaryIO, witness: Witness) -> None:
        self._stream = stream
        self._witness = witness

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._stream.fileno()

    def read(self, size: int = -1, /) -> bytes:
        with self._witness.reading():
            return self._stream.read(size)

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        with self._witness.reading():
            count: int = self._stream.readinto(buffer)  # type: ignore[attr-defined]
            return count

    def seek(self, place: int, whence: int = os.SEEK_SET, /) -> int:
        with self._witness.reading():
            return self._stream.seek(place, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


def _words(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
