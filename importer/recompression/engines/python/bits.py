"""What both generations of Go's compress/flate share, in Python: output by bits.

The same as ``bits.h``, and after compress/flate of Go 1.19.8 (huffman_bit_writer.go); copyright of the originals: see
../NOTICE.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from importer.recompression.engines.python.huffman import (
    LENGTH_BASE,
    LENGTH_CODE,
    LENGTH_CODES_START,
    LENGTH_EXTRA,
    MATCH,
    OFFSET_BASE,
    OFFSET_CODE,
    OFFSET_EXTRA,
    Codes,
)

_FLUSH_BITS: Final = 64


class Sink:
    """The compressed bytes ready so far, and the bits that wait behind them."""

    def __init__(self) -> None:
        self._ready = bytearray()
        self._bits = 0
        self._count = 0

    def take(self) -> bytes:
        """Hand over what is ready."""
        ready = bytes(self._ready)
        self._ready.clear()
        return ready

    def put(self, value: int, count: int) -> None:
        """Add bits, the lowest first."""
        self._bits |= value << self._count
        self._count += count
        self._drain()

    def align(self) -> None:
        """Fill the last byte with zero bits."""
        self._count += -self._count % 8
        self._drain()

    def put_bytes(self, data: bytes | memoryview) -> None:
        """Add bytes at a byte boundary."""
        self.align()
        self._ready += data

    def put_code(self, codes: Codes, symbol: int) -> None:
        """Add one symbol."""
        self.put(codes.bits[symbol], codes.lengths[symbol])

    def put_tokens(self, tokens: Iterable[int], literals: Codes, offsets: Codes) -> None:
        """Add literals and matches."""
        bits, count, ready = self._bits, self._count, self._ready
        literal_bits, literal_lengths = literals.bits, literals.lengths
        matches: dict[int, tuple[int, int]] = {}
        for token in tokens:
            if token < MATCH:
                bits |= literal_bits[token] << count
                count += literal_lengths[token]
            else:
                known = matches.get(token)
                if known is None:
                    known = matches[token] = _match_bits(token, literals, offsets)
                bits |= known[0] << count
                count += known[1]
            if count >= _FLUSH_BITS:
                ready += (bits & (1 << _FLUSH_BITS) - 1).to_bytes(_FLUSH_BITS // 8, "little")
                bits >>= _FLUSH_BITS
                count -= _FLUSH_BITS
        self._bits, self._count = bits, count
        self._drain()

    def _drain(self) -> None:
        whole = self._count // 8
        if whole:
            self._ready += (self._bits & (1 << 8 * whole) - 1).to_bytes(whole, "little")
            self._bits >>= 8 * whole
            self._count -= 8 * whole


def _match_bits(token: int, literals: Codes, offsets: Codes) -> tuple[int, int]:
    """The bits of a match, and how many: length, its extra bits, offset, its extra bits."""
    length, offset = token >> 16 & 255, token & 0xFFFF
    code = LENGTH_CODE[length]
    symbol = LENGTH_CODES_START + code
    bits, count = literals.bits[symbol], literals.lengths[symbol]
    bits |= length - LENGTH_BASE[code] << count
    count += LENGTH_EXTRA[code]
    code = OFFSET_CODE[offset]
    bits |= offsets.bits[code] << count
    count += offsets.lengths[code]
    return bits | offset - OFFSET_BASE[code] << count, count + OFFSET_EXTRA[code]
