"""An object of a bucket as a stream that can seek, read in blocks: one ahead of what is wanted while it goes on."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Final

from importer.places.byte_streams import BLOCK_SIZE
from importer.places.cloud.connection import Connection, Piece, aside
from importer.places.cloud.trouble import ObjectChangedError

FIRST: Final = 1 << 20
"""Bytes of the first block, which often is the whole object or all that anybody wants of it."""

_LARGEST: Final = 8 << 20
"""Bytes of a block; two of them are kept for each stream that is read on."""


class ObjectStream(io.RawIOBase):
    """Bytes of one object as it was when it was opened; raises OSError when it isn't that any more."""

    def __init__(self, connection: Connection, shown: str, first: Piece) -> None:
        self._size = first.meta.size
        self._position = 0
        self._start = 0
        self._block = first.content
        source = _Parts if connection.has_ranges else _Whole
        self._source = source(connection, shown, first)

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always; where the server gives no parts, going back reads the object again from its first byte on."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go there; nothing is asked of the server before something is read."""
        position = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence] + offset
        if position < 0:
            raise OSError(22, "seek before the first byte")
        self._position = position
        return position

    def tell(self) -> int:
        """Where it is."""
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Read on, with one copy where the base class makes three."""
        return self.readall() if size < 0 else bytes(self._next_piece(size))

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read on."""
        piece = self._next_piece(len(buffer))
        memoryview(buffer)[: len(piece)] = piece
        return len(piece)

    def _next_piece(self, size: int) -> memoryview:
        if self._position >= self._size:
            return memoryview(b"")
        if not self._start <= self._position < self._start + len(self._block):
            self._block = self._source.at(self._position)
            self._start = self._position
        offset = self._position - self._start
        piece = self._block[offset : offset + size]
        self._position += len(piece)
        return piece

    def close(self) -> None:
        """Let go of the blocks."""
        self._block = memoryview(b"")
        super().close()


class _Parts:
    """Asks for parts, and while one follows the other for the next one before it is wanted."""

    def __init__(self, connection: Connection, shown: str, first: Piece) -> None:
        self._connection = connection
        self._shown = shown
        self._meta = first.meta
        self._next = self._expected = len(first.content)
        self._length = 2 * FIRST
        self._ahead: Future[memoryview] | None = None

    def at(self, offset: int) -> memoryview:
        """A block that begins there."""
        goes_on = offset == self._expected
        if not goes_on:
            self._next, self._length, self._ahead = offset, FIRST, None
        wanted = self._ahead or self._begun()
        self._expected = self._next
        # While this one is waited for and used, the next one is on its way.
        self._ahead = self._begun() if goes_on and self._next < self._meta.size else None
        return wanted.result()

    def _begun(self) -> Future[memoryview]:
        offset, length = self._next, min(self._length, self._meta.size - self._next)
        self._next += length
        self._length = min(self._length * 2, _LARGEST)
        return aside(lambda: self._fetched(offset, length))

    def _fetched(self, offset: int, length: int) -> memoryview:
        meta, content = self._connection.piece(self._meta.key, self._shown, offset, length, self._meta.etag)
        if (meta.etag, meta.size, len(content)) != (self._meta.etag, self._meta.size, length):
            raise ObjectChangedError(self._shown)
        return content


class _Whole:
    """Reads the object from its first byte on, for a server that ignores which part is wanted."""

    def __init__(self, connection: Connection, shown: str, first: Piece) -> None:
        self._connection = connection
        self._shown = shown
        self._meta = first.meta
        self._pieces: Iterator[bytes] = iter(())
        self._next = -1

    def at(self, offset: int) -> memoryview:
        """What begins there, as far as it came."""
        if self._next < 0 or offset < self._next:
            meta, self._pieces = self._connection.stream(self._meta.key, self._shown, BLOCK_SIZE)
            if (meta.etag, meta.size) != (self._meta.etag, self._meta.size):
                raise ObjectChangedError(self._shown)
            self._next = 0
        for piece in self._pieces:
            begin, self._next = self._next, self._next + len(piece)
            if offset < self._next:
                return memoryview(piece)[offset - begin :]
        raise ObjectChangedError(self._shown)
