"""pgzip's blocks: a deflate stream of parts that can be compressed at the same time.

Source: github.com/klauspost/pgzip v1.2.5, gzip.go (compressCurrent, compressBlock): every block starts
over with the last 16 KiB of the block before as its dictionary and ends with a sync flush; the last
one, which may be empty, ends the stream too.
"""

from __future__ import annotations

from typing import Final

from importer.recompression.engines.encoders import FlushingEncoder

_TAIL: Final = 16384


class Pgzip:
    """The body of a file that pgzip writes, with blocks of ``block_size`` bytes."""

    def __init__(self, encoder: FlushingEncoder, block_size: int) -> None:
        if block_size <= _TAIL:
            raise ValueError(f"pgzip's blocks are larger than {_TAIL} bytes, not {block_size}")
        self._encoder = encoder
        self._block_size = block_size
        self._left = block_size
        self._tail = b""

    def write(self, data: bytes | memoryview) -> bytes:
        """Take raw bytes; return the compressed bytes ready so far."""
        rest = memoryview(data)
        out = []
        while rest:
            part, rest = rest[: self._left], rest[self._left :]
            out.append(self._encoder.write(part))
            self._left -= len(part)
            self._tail = (self._tail + bytes(part[-_TAIL:]))[-_TAIL:]
            if not self._left:
                out.append(self._next_block())
        return b"".join(out)

    def finish(self) -> bytes:
        """End the stream; return the rest of it."""
        return self._encoder.flush() + self._encoder.finish()

    def _next_block(self) -> bytes:
        ending = self._encoder.flush()
        self._encoder.reset(self._tail)
        self._left = self._block_size
        return ending
