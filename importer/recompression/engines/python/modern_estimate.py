"""Go's compress/flate from 1.27 on and klauspost/compress in Python: how large a block would get.

The same as ``modern_estimate.h``, and like it after compress/flate of Go 1.27.3 (token.go); copyright
of the originals: see ../NOTICE.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

from importer.recompression.engines.python.huffman import END_OF_BLOCK, LENGTH_CODES_START, extra_bits


def _single(value: float) -> float:
    """Round to 32 bits, as every step of Go's float32 arithmetic does on amd64."""
    rounded: float = struct.unpack("<f", struct.pack("<f", value))[0]
    return rounded


_LOG_FACTORS: Final = (_single(-0.34484843), _single(2.02466578), _single(0.67487759))


def _fast_log2(value: float) -> float:
    """Go's mFastLog2."""
    pattern: int = struct.unpack("<I", struct.pack("<f", value))[0]
    mantissa: float = struct.unpack("<f", struct.pack("<I", (pattern & 0x807FFFFF) + (127 << 23)))[0]
    square, linear, constant = _LOG_FACTORS
    step = _single(_single(square * mantissa) + linear)
    step = _single(_single(step * mantissa) - constant)
    return _single((pattern >> 23 & 255) - 128 + step)


def _add_estimate(total: float, count: int, inverse: float) -> float:
    bits = min(15.0, max(1.0, -_fast_log2(_single(count * inverse))))
    return _single(total + _single(bits * count))


def estimated_bits(literals: Sequence[int], offsets: Sequence[int], tokens: int) -> int:
    """Go's EstimatedBits: what new codes would take at best."""
    inverse = _single(1 / tokens)
    total = 0.0
    for count in filter(None, literals[:END_OF_BLOCK]):
        total = _add_estimate(total, count, inverse)
    total = _single(total + 15)
    lengths = literals[LENGTH_CODES_START:]
    for count in filter(None, lengths):
        total = _add_estimate(total, count, inverse)
    matches = sum(lengths)
    if matches:
        inverse = _single(1 / matches)
        for count in filter(None, offsets):
            total = _add_estimate(total, count, inverse)
    return int(total) + extra_bits(literals, offsets)
