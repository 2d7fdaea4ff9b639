"""Streams over a part of another stream, and over bytes that come in pieces."""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from collections.abc import Callable, Generator, Sequence
from itertools import accumulate
from typing import BinaryIO, Final, cast

BLOCK_SIZE: Final = 256 * 1024
"""Bytes read at a time."""

_BEHIND_START_OF_PAGE: Final = 48
"""Large buffers begin 16 bytes behind the start of a page (glibc's malloc), where AMD's Zen processors copy at a fifth
of their speed."""

OpenStream = Callable[[], BinaryIO]
"""Gives a new stream from the first byte on; raises OSError."""


def skip(stream: BinaryIO, count: int) -> None:
    """Go ``count`` bytes forward: by seeking where the stream can, by reading where it can't."""
    if stream.seekable():
        stream.seek(count, os.SEEK_CUR)
        return
    while count > 0 and (block := stream.read(min(count, BLOCK_SIZE))):
        count -= len(block)


def read_buffer(size: int) -> memoryview:
    """A buffer of ``size`` bytes for ``readinto``, at a place where copying is quick."""
    return memoryview(bytearray(_BEHIND_START_OF_PAGE + size))[_BEHIND_START_OF_PAGE:]


def blocks_of_stream(stream: BinaryIO) -> Generator[bytes, None, None]:
    """Read a stream to its end, block by block."""
    while block := stream.read(BLOCK_SIZE):
        yield block


def open_part(open_stream: OpenStream, start: int, size: int) -> BinaryIO:
    """Open ``size`` bytes from ``start`` on of something that can seek; raises OSError."""
    stream = open_stream()
    try:
        stream.seek(start)
    except BaseException:
        stream.close()
        raise
    return cast("BinaryIO", _PartStream(stream, start, size))


def open_joined(pieces: Sequence[tuple[OpenStream, int]]) -> BinaryIO:
    """Streams that can seek, with their sizes, one behind the other as one that can seek; one is open at a time."""
    return cast("BinaryIO", _JoinedStream(pieces))


def open_pieces(pieces: Generator[bytes, None, None]) -> BinaryIO:
    """Open bytes that are made piece by piece; they are read forward only."""
    return cast("BinaryIO", _PieceStream(pieces))


def read_at(stream: BinaryIO, offset: int, size: int) -> bytes:
    """Read up to ``size`` bytes at an offset; fewer only where the stream ends."""
    stream.seek(offset)
    parts = []
    while size > 0 and (block := stream.read(size)):
        parts.append(block)
        size -= len(block)
    return b"".join(parts)


class _PartStream(io.RawIOBase):
    def __init__(self, stream: BinaryIO, start: int, size: int) -> None:
        self._stream = stream
        self._start = start
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        bases = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}
        position = bases[whence] + offset
        if position < 0:
            raise OSError(22, "seek before the first byte")
        # Beyond the end there is nothing to read, and so nowhere to put the stream below.
        self._stream.seek(self._start + min(position, self._size))
        self._position = position
        return position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        left = max(self._size - self._position, 0)
        view = memoryview(buffer)[:left]
        count: int = self._stream.readinto(view) if view else 0  # type: ignore[attr-defined]
        self._position += count
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()


class _JoinedStream(io.RawIOBase):
    def __init__(self, pieces: Sequence[tuple[OpenStream, int]]) -> None:
        self._pieces = pieces
        self._ends = list(accumulate(size for _, size in pieces))
        self._position = 0
        self._number = -1
        self._stream: BinaryIO | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        bases = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._ends[-1] if self._ends else 0}
        position = bases[whence] + offset
        if position < 0:
            raise OSError(22, "seek before the first byte")
        self._position = position
        return position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        # A short read would mean the end to those that ask for a head, so the buffer is filled.
        view, filled = memoryview(buffer), 0
        while filled < len(view) and (count := self._read_into(view[filled:])):
            filled += count
        return filled

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
        super().close()

    def _read_into(self, view: memoryview) -> int:
        number = bisect_right(self._ends, self._position)
        if number >= len(self._pieces):
            return 0
        stream, end = self._piece(number), self._ends[number]
        stream.seek(self._position - end + self._pieces[number][1])
        count: int = stream.readinto(view[: end - self._position])  # type: ignore[attr-defined]
        self._position += count
        return count

    def _piece(self, number: int) -> BinaryIO:
        if self._stream is None or number != self._number:
            if self._stream is not None:
                self._stream.close()
            self._number, self._stream = number, self._pieces[number][0]()
        return self._stream


class _PieceStream(io.RawIOBase):
    def __init__(self, pieces: Generator[bytes, None, None]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        view = memoryview(buffer)
        filled = 0
        # A short read would mean the end to those that ask for a head, so the buffer is filled.
        while filled < len(view) and (self._rest or self._next()):
            step = min(len(self._rest), len(view) - filled)
            view[filled : filled + step] = self._rest[:step]
            self._rest = self._rest[step:]
            filled += step
        return filled

    def close(self) -> None:
        self._pieces.close()
        super().close()

    def _next(self) -> bool:
        self._rest = memoryview(next(self._pieces, b""))
        return len(self._rest) > 0
