"""pigz's blocks, computed with zlib.

Source: pigz 2.6, pigz.c (compress_thread, deflate_engine): the input is cut into blocks of 128 KiB, each
compressed by itself with the 32 KiB before it as its dictionary. A block that is not the last ends with
Z_BLOCK, which may leave the last byte unfilled. It is filled up with empty blocks: with a stored one
when an odd number of bits is pending, else with as many static ones (10 bits each) as it takes.
"""

from __future__ import annotations

import zlib
from typing import Final

_BLOCK: Final = 131072
_DICTIONARY: Final = 32768
_MEMORY_LEVEL: Final = 8
_STATIC_BITS: Final = 10
_STATIC: Final = 2


class Pigz:
    """The body of a file that pigz writes with ``-1`` to ``-9``, with any number of threads."""

    def __init__(self, level: int) -> None:
        self._level = level
        self._block = bytearray()
        self._dictionary = b""

    def write(self, data: bytes | memoryview) -> bytes:
        """Take raw bytes; return the compressed bytes ready so far."""
        rest = memoryview(data)
        out = []
        while rest:
            # A block isn't the last if more input follows it.
            if len(self._block) == _BLOCK:
                out.append(self._compressed())
            room = _BLOCK - len(self._block)
            self._block += rest[:room]
            rest = rest[room:]
        return b"".join(out)

    def finish(self) -> bytes:
        """End the stream; return the rest of it."""
        encoder = self._encoder()
        return encoder.compress(bytes(self._block)) + encoder.flush(zlib.Z_FINISH)

    def _encoder(self) -> zlib._Compress:
        arguments = (self._level, zlib.DEFLATED, -zlib.MAX_WBITS, _MEMORY_LEVEL, zlib.Z_DEFAULT_STRATEGY)
        return zlib.compressobj(*arguments, self._dictionary) if self._dictionary else zlib.compressobj(*arguments)

    def _compressed(self) -> bytes:
        encoder = self._encoder()
        whole = encoder.compress(bytes(self._block)) + encoder.flush(zlib.Z_BLOCK)
        self._dictionary = bytes(self._block[-_DICTIONARY:])
        self._block.clear()
        return whole + _padding(encoder)


def _padding(encoder: zlib._Compress) -> bytes:
    """What fills the byte that a Z_BLOCK flush left open.

    Python's zlib doesn't expose how many bits are pending. A copy that is made to finish appends the
    bits 1, 1 and eight zeros, so the position of the highest bit set shows it.
    """
    waiting = int.from_bytes(encoder.copy().flush(zlib.Z_FINISH), "little")
    count = waiting.bit_length() - 2
    if count % 2:
        return encoder.flush(zlib.Z_SYNC_FLUSH)
    bits = waiting & (1 << count) - 1
    while count % 8:
        bits |= _STATIC << count
        count += _STATIC_BITS
    return bits.to_bytes(count // 8, "little")
