"""What both generations of Go's compress/flate share, in Python: the header of a block with codes of its own.

The same as ``block_header.h``, and like it after compress/flate of Go 1.19.8 (huffman_bit_writer.go); copyright of the
originals: see ../NOTICE.
"""

from __future__ import annotations

from collections.abc import Iterable

from importer.recompression.engines.python.bits import Sink
from importer.recompression.engines.python.huffman import CODEGEN_COUNT, CODEGEN_ORDER, Codes, generate, used_count


def _run(length: int, count: int) -> Iterable[tuple[int, int]]:
    """One run of equal code lengths as symbols of the header, each with its extra value."""
    if length:
        yield length, 0
        count -= 1
    while count >= (3 if length else 11):
        piece = min(count, 6 if length else 138)
        yield (16, piece - 3) if length else (18, piece - 11)
        count -= piece
    if not length and count >= 3:
        yield 17, count - 3
        count = 0
    yield from [(length, 0)] * count


class DynamicHeader:
    """The header of a block with its own codes: Go's generateCodegen, headerSize and writeDynamicHeader."""

    def __init__(self, literals: Codes, literal_count: int, offsets: Codes, offset_count: int) -> None:
        self._counts = (literal_count - 257, offset_count - 1)
        self._symbols = self._runs([*literals.lengths[:literal_count], *offsets.lengths[:offset_count]])
        frequencies = [0] * CODEGEN_COUNT
        for symbol, _ in self._symbols:
            frequencies[symbol] += 1
        self._codes = generate(frequencies, 7)
        self._listed = max(4, used_count([frequencies[symbol] for symbol in CODEGEN_ORDER]))
        extra = frequencies[16] * 2 + frequencies[17] * 3 + frequencies[18] * 7
        self.size = 17 + 3 * self._listed + self._codes.size(frequencies) + extra
        """In bits."""

    @staticmethod
    def _runs(lengths: list[int]) -> list[tuple[int, int]]:
        symbols: list[tuple[int, int]] = []
        start = 0
        while start < len(lengths):
            end = start + 1
            while end < len(lengths) and lengths[end] == lengths[start]:
                end += 1
            symbols += _run(lengths[start], end - start)
            start = end
        return symbols

    def write(self, sink: Sink) -> None:
        """Write the header of a block that is not the last."""
        sink.put(4, 3)
        sink.put(self._counts[0], 5)
        sink.put(self._counts[1], 5)
        sink.put(self._listed - 4, 4)
        for symbol in CODEGEN_ORDER[: self._listed]:
            sink.put(self._codes.lengths[symbol], 3)
        for symbol, value in self._symbols:
            sink.put_code(self._codes, symbol)
            if symbol >= 16:
                sink.put(value, (2, 3, 7)[symbol - 16])
