"""zlib's own bytes, written with Python's zlib where that is the original one."""

from __future__ import annotations

import zlib
from functools import cache
from typing import Final

_MEMORY_LEVEL: Final = 8

_SAMPLE_CRCS: Final = {1: 2896310036, 6: 3633439765, 9: 1060727012}
"""Of the sample that :func:`is_original_zlib` compresses, by level, with zlib 1.2.13."""


@cache
def is_original_zlib() -> bool:
    """Whether this Python's zlib writes the bytes of the original zlib.

    zlib-ng and the forks of some systems and processors write others: no zlib or pigz then.
    """
    sample = b" ".join(b"%d" % (number * number) for number in range(4000))
    return all(zlib.crc32(zlib.compress(sample, level)) == crc for level, crc in _SAMPLE_CRCS.items())


class ZlibEncoder:
    """Levels 1 to 9 of zlib with memory level 8, as nearly every program calls it."""

    def __init__(self, level: int) -> None:
        self._encoder = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS, _MEMORY_LEVEL)

    def write(self, data: bytes | memoryview) -> bytes:
        """Take raw bytes; return the compressed bytes ready so far."""
        return self._encoder.compress(data)

    def finish(self) -> bytes:
        """End the stream; return the rest of it."""
        return self._encoder.flush()
