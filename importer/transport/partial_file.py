"""A blob that isn't whole yet, under a name that no command takes for an input.

It lies beside its target and survives everything, so that a later run goes on where an earlier one
ended; it takes the target's name when its digest is proven.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from importer.domain.digest import Digest
from importer.errors import OutputError
from importer.locking import is_free
from importer.places.durability import Durability
from importer.places.unfinished import UNFINISHED_PREFIX
from importer.transport.stop import Stop

_BLOCK: Final = 1 << 20
_LOCK_SUFFIX: Final = ".lock"
_NO_SPACE: Final = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG})


def partial_path(target: Path, digest: Digest) -> Path:
    """Where a target's bytes gather."""
    return target.parent / f"{UNFINISHED_PREFIX}{digest.file_name}.part"


def lock_path(target: Path, digest: Digest) -> Path:
    """The file that is locked while a target's bytes gather."""
    return target.parent / f"{UNFINISHED_PREFIX}{digest.file_name}{_LOCK_SUFFIX}"


def remove_free_locks(folder: Path) -> None:
    """Take away the locks of runs that are dead; what they have downloaded stays."""
    for lock in folder.glob(f"{UNFINISHED_PREFIX}*{_LOCK_SUFFIX}"):
        with suppress(OSError), is_free(lock) as free:
            if free:
                lock.unlink()


class PartialFile:
    """The bytes so far, and their hash. Open it with ``PartialFile.open``.

    Attributes:
        size: bytes so far.
        inherited: whether some of them were here before this run.
    """

    def __init__(self, stream: BinaryIO, path: Path, digest: Digest, stop: Stop) -> None:
        self._stream = stream
        self._path = path
        self._digest = digest
        self._stop = stop
        self._hash = hashlib.new(digest.algorithm)
        self.size = 0
        self.inherited = False

    @classmethod
    @contextmanager
    def open(cls, target: Path, digest: Digest, stop: Stop) -> Iterator[PartialFile]:
        """Open what an earlier run left, or a new file; raises OutputError.

        What is there is read once, for its hash.
        """
        path = partial_path(target, digest)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
        with disk_errors(path):
            stream = os.fdopen(os.open(path, flags, 0o644), "r+b", buffering=0)
        partial = cls(stream, path, digest, stop)
        try:
            with stream:
                with disk_errors(path):
                    partial._read_on()
                yield partial
        finally:
            if not partial.size:
                # Nothing to go on from.
                with suppress(OSError):
                    path.unlink()

    def _read_on(self) -> None:
        self._stream.seek(0)
        while block := self._stream.read(_BLOCK):
            self._stop.check()
            self._hash.update(block)
            self.size += len(block)
        self.inherited = bool(self.size)

    def adopt(self, open_file: Callable[[], BinaryIO], length: int) -> None:
        """Begin with the first bytes of another file, unless more is here already; raises OutputError."""
        if length <= self.size:
            return
        self.restart()
        with disk_errors(self._path), open_file() as source:
            while self.size < length and (block := source.read(min(_BLOCK, length - self.size))):
                self._stop.check()
                self.write(block)
        self.inherited = True

    def write(self, block: bytes) -> None:
        """Add bytes at the end; raises OutputError."""
        view = memoryview(block)
        with disk_errors(self._path):
            while view:
                view = view[self._stream.write(view) :]
        self._hash.update(block)
        self.size += len(block)

    def end(self, length: int) -> bytes:
        """The last bytes, at most ``length`` of them."""
        start = max(0, self.size - length)
        with disk_errors(self._path):
            self._stream.seek(start)
            content = self._stream.read(self.size - start)
            self._stream.seek(self.size)
        return content

    def start(self, length: int) -> bytes:
        """The first bytes, at most ``length`` of them."""
        with disk_errors(self._path):
            self._stream.seek(0)
            content = self._stream.read(length)
            self._stream.seek(self.size)
        return content

    def starts_with(self, other: BinaryIO) -> bool:
        """Whether the bytes of another file are the first bytes of this one; raises OutputError."""
        with disk_errors(self._path):
            self._stream.seek(0)
            while block := other.read(_BLOCK):
                if self._stream.read(len(block)) != block:
                    break
            self._stream.seek(self.size)
        return not block

    def restart(self) -> None:
        """Throw away what is here."""
        with disk_errors(self._path):
            self._stream.seek(0)
            self._stream.truncate()
        self._hash = hashlib.new(self._digest.algorithm)
        self.size = 0
        self.inherited = False

    @property
    def is_proven(self) -> bool:
        """Whether the bytes have the digest."""
        return self._hash.hexdigest() == self._digest.hex

    def finish(self, target: Path, durability: Durability) -> None:
        """Give the proven bytes their name, in one step, when they are on the disk; raises OutputError."""
        with disk_errors(target):
            durability.stream(self._stream.fileno())
            self._stream.close()
            self._path.replace(target)
            durability.folders([target.parent])


@contextmanager
def disk_errors(place: Path) -> Iterator[None]:
    """Turn the system's errors about a file into an OutputError that people understand."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise OutputError(
                f"{place.parent}: no space left. The partial download is kept; free some space and run the same "
                "command to resume"
            ) from error
        raise OutputError(f"{place}: can't be written: {error.strerror or error}") from error
