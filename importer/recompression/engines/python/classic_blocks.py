"""Go's compress/flate up to 1.26 in Python: the blocks.

The same as ``classic_blocks.h``, and like it after compress/flate of Go 1.19.8 (huffman_bit_writer.go);
copyright of the originals: see ../NOTICE.
"""

from __future__ import annotations

from importer.recompression.engines.python import huffman
from importer.recompression.engines.python.bits import Sink
from importer.recompression.engines.python.block_header import DynamicHeader
from importer.recompression.engines.python.huffman import (
    END_OF_BLOCK,
    FIXED_LITERALS,
    FIXED_OFFSETS,
    LENGTH_CODES_START,
    MATCH,
    MAX_STORED,
    SINGLE_OFFSET,
    Codes,
)


class ClassicBlocks:
    """Turns tokens into blocks: huffman_bit_writer.go."""

    def __init__(self) -> None:
        self.sink = Sink()
        self._literal_frequencies = [0] * huffman.LITERAL_COUNT
        self._offset_frequencies = [0] * huffman.OFFSET_COUNT

    def smallest(self, tokens: list[int], data: bytes | None) -> None:
        """Go's writeBlock. ``data`` is None when its start is no longer in the window."""
        literals, offsets, header = self._index(tokens)
        extra = huffman.extra_bits(self._literal_frequencies, self._offset_frequencies)
        fixed = 3 + self._size(FIXED_LITERALS, FIXED_OFFSETS) + extra
        dynamic = header.size + self._size(literals, offsets) + extra
        if data is not None and len(data) <= MAX_STORED and (len(data) + 5) * 8 < min(fixed, dynamic):
            self.stored(data)
        elif dynamic < fixed:
            header.write(self.sink)
            self._tokens(tokens, literals, offsets)
        else:
            self.sink.put(2, 3)
            self._tokens(tokens, FIXED_LITERALS, FIXED_OFFSETS)

    def dynamic(self, tokens: list[int], data: bytes) -> None:
        """Go's writeBlockDynamic, of level 1."""
        literals, offsets, header = self._index(tokens)
        size = header.size + self._size(literals, offsets)
        if (len(data) + 5) * 8 < size + (size >> 4):
            self.stored(data)
            return
        header.write(self.sink)
        self._tokens(tokens, literals, offsets)

    def literals_only(self, data: bytes) -> None:
        """Go's writeBlockHuff, of level 1."""
        frequencies = [data.count(byte) for byte in range(256)] + [0] * (huffman.LITERAL_COUNT - 256)
        frequencies[END_OF_BLOCK] = 1
        literals = huffman.generate(frequencies, 15)
        header = DynamicHeader(literals, END_OF_BLOCK + 1, SINGLE_OFFSET, 1)
        size = header.size + literals.size(frequencies) + 1
        if (len(data) + 5) * 8 < size + (size >> 4):
            self.stored(data)
            return
        header.write(self.sink)
        self._tokens(list(data), literals, SINGLE_OFFSET)

    def stored(self, data: bytes, *, last: bool = False) -> None:
        """A block that is not compressed."""
        self.sink.put(1 if last else 0, 3)
        self.sink.align()
        self.sink.put(len(data) | (len(data) ^ 0xFFFF) << 16, 32)
        self.sink.put_bytes(data)

    def _index(self, tokens: list[int]) -> tuple[Codes, Codes, DynamicHeader]:
        self._count(tokens)
        literal_count = huffman.used_count(self._literal_frequencies)
        offset_count = huffman.used_count(self._offset_frequencies)
        if not offset_count:
            self._offset_frequencies[0] = offset_count = 1
        literals = huffman.generate(self._literal_frequencies, 15)
        offsets = huffman.generate(self._offset_frequencies, 15)
        return literals, offsets, DynamicHeader(literals, literal_count, offsets, offset_count)

    def _count(self, tokens: list[int]) -> None:
        literals = [0] * huffman.LITERAL_COUNT
        offsets = [0] * huffman.OFFSET_COUNT
        for token in tokens:
            if token < MATCH:
                literals[token] += 1
            else:
                literals[LENGTH_CODES_START + huffman.LENGTH_CODE[token >> 16 & 255]] += 1
                offsets[huffman.OFFSET_CODE[token & 0xFFFF]] += 1
        literals[END_OF_BLOCK] += 1
        self._literal_frequencies, self._offset_frequencies = literals, offsets

    def _size(self, literals: Codes, offsets: Codes) -> int:
        return literals.size(self._literal_frequencies) + offsets.size(self._offset_frequencies)

    def _tokens(self, tokens: list[int], literals: Codes, offsets: Codes) -> None:
        self.sink.put_tokens(tokens, literals, offsets)
        self.sink.put_code(literals, END_OF_BLOCK)
