"""An object of a bucket as a stream that can seek; who reads on gets the rest of it from one request."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import Final

from importer.places.cloud.connection import Connection, Meta, Piece
from importer.places.cloud.trouble import ObjectChangedError

FIRST: Final = 1 << 20
"""Bytes of a block. The first one often is the whole object, or all that anybody wants of it."""


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
    """Asks for one block where somebody looks around, and for all the rest once where he reads on."""

    def __init__(self, connection: Connection, shown: str, first: Piece) -> None:
        self._connection = connection
        self._shown = shown
        self._meta = first.meta
        self._next = len(first.content)
        self._rest: Iterator[memoryview] | None = None

    def at(self, offset: int) -> memoryview:
        """A block that begins there."""
        if offset != self._next:
            self._rest = None
            block = self._block(offset)
        else:
            self._rest = self._rest or self._from(offset)
            block = next(self._rest, memoryview(b""))
        if not block:
            raise ObjectChangedError(self._shown)
        self._next = offset + len(block)
        return block

    def _block(self, offset: int) -> memoryview:
        meta, content = self._connection.piece(self._meta.key, self._shown, offset, FIRST, self._meta.etag)
        self._demand_same(meta)
        return content

    def _from(self, offset: int) -> Iterator[memoryview]:
        meta, pieces = self._connection.stream(self._meta.key, self._shown, FIRST, offset, self._meta.etag)
        self._demand_same(meta)
        return pieces

    def _demand_same(self, meta: Meta) -> None:
        if (meta.etag, meta.size) != (self._meta.etag, self._meta.size):
            raise ObjectChangedError(self._shown)


class _Whole:
    """Reads the object from its first byte on, for a server that ignores which part is wanted."""

    def __init__(self, connection: Connection, shown: str, first: Piece) -> None:
        self._connection = connection
        self._shown = shown
        self._meta = first.meta
        self._pieces: Iterator[memoryview] = iter(())
        self._next = -1

    def at(self, offset: int) -> memoryview:
        """What begins there, as far as it came."""
        if self._next < 0 or offset < self._next:
            meta, self._pieces = self._connection.stream(self._meta.key, self._shown, FIRST)
            if (meta.etag, meta.size) != (self._meta.etag, self._meta.size):
                raise ObjectChangedError(self._shown)
            self._next = 0
        for piece in self._pieces:
            begin, self._next = self._next, self._next + len(piece)
            if offset < self._next:
                return piece[offset - begin :]
        raise ObjectChangedError(self._shown)
