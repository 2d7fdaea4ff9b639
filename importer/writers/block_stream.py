"""Blocks as a binary stream, for what reads streams."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class BlockStream(io.RawIOBase):
    """A stream of blocks; what their source raises, reading raises. Closing it closes the source.

    Args:
        blocks: a generator; its end is the stream's.
    """

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer as far as the next block reaches; 0 bytes are the end."""
        room = memoryview(buffer).cast("B")
        while not self._left:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._left = memoryview(block)
        size = min(len(room), len(self._left))
        room[:size], self._left = self._left[:size], self._left[size:]
        return size

    def close(self) -> None:
        """Let go of the source, too, which may have a file open."""
        close = getattr(self._blocks, "close", None)
        if close:
            close()
        super().close()
