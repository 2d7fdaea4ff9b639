"""Go's compress/flate from 1.27 on and klauspost/compress in Python: the blocks.

The same as ``modern_blocks.h``, and like it after compress/flate of Go 1.27.3 (huffman_bit_writer.go); copyright of the
originals: see ../NOTICE.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from importer.recompression.engines.python import huffman
from importer.recompression.engines.python.bits import Sink
from importer.recompression.engines.python.block_header import DynamicHeader
from importer.recompression.engines.python.huffman import (
    END_OF_BLOCK,
    FIXED_LITERALS,
    FIXED_OFFSETS,
    LENGTH_CODES_START,
    LITERAL_COUNT,
    MATCH,
    MAX_STORED,
    OFFSET_COUNT,
    SINGLE_OFFSET,
    Codes,
)
from importer.recompression.engines.python.modern_estimate import estimated_bits

_FEW_TOKENS: Final = 250
_GUESSED_HEADER: Final = 70 * 8


def _fits_stored(data: bytes | None, bits: int) -> bool:
    """Whether storing takes no more; not when the data's start has left the window or it is too long."""
    return data is not None and len(data) <= MAX_STORED and (len(data) + 5) * 8 <= bits


def _is_incompressible(frequencies: Sequence[int], size: int) -> bool:
    """Go's quick look: are all byte values about equally frequent?"""
    average = size / 256
    total = 0.0
    for frequency in frequencies[:256]:
        total += (frequency - average) * (frequency - average)
        if total >= size * 2:
            return False
    return True


class ModernBlocks:
    """Turns tokens into blocks, which may go on with the codes of the block before."""

    def __init__(self, *, full_tables: bool, new_table_penalty: int = 7) -> None:
        self.sink = Sink()
        self.syncing = False
        self._full_tables = full_tables
        self._penalty = new_table_penalty
        self._literals = FIXED_LITERALS
        self._offsets = FIXED_OFFSETS
        self.forget_codes()

    def forget_codes(self) -> None:
        """Have the next block make its own codes."""
        self._open_header = 0
        self._only_literals = False

    def end_block(self) -> None:
        """End the block that was left open for the next one to continue."""
        if self._open_header:
            self.sink.put_code(self._literals, END_OF_BLOCK)
            self._open_header = 0

    def stored(self, data: bytes | None) -> None:
        """A block that is not compressed."""
        data = data or b""
        self.end_block()
        self.sink.put(0, 3)
        self.sink.align()
        self.sink.put(len(data) | (len(data) ^ 0xFFFF) << 16, 32)
        self.sink.put_bytes(data)

    def last(self) -> None:
        """The empty block that ends the stream."""
        self.end_block()
        self.sink.put(3, 10)
        self.sink.align()

    def dynamic(self, tokens: list[int], data: bytes | None) -> None:
        """Go's writeBlockDynamic."""
        literals, offsets = self._count(tokens)
        if self._only_literals or not (self._offsets.cover(offsets) and self._literals.cover(literals)):
            self.end_block()
            self._only_literals = False
        listed = self._listed_codes(literals, offsets)
        if self._open_header and self._written_with_open_codes(tokens, data, literals, offsets):
            return
        if not self._open_header and self._written_without_codes(tokens, data, (literals, offsets), listed):
            return
        if self.syncing:
            self._open_header = 0
        self._put(tokens, self._literals, self._offsets, end=self.syncing)

    def literals_only(self, data: bytes, *, ending: bool) -> None:
        """Go's writeBlockHuff."""
        frequencies = [data.count(byte) for byte in range(256)] + [1] + [0] * (LITERAL_COUNT - 257)
        if len(data) > 1024 and _is_incompressible(frequencies, len(data)):
            self.stored(data)
            return
        codes = huffman.generate(frequencies, 15)
        estimate = codes.size(frequencies) + (self._open_header or _GUESSED_HEADER)
        estimate += estimate >> self._penalty
        if _fits_stored(data, estimate):
            self.stored(data)
            return
        self._choose_literal_codes(codes, frequencies, estimate)
        self._put(list(data), self._literals, SINGLE_OFFSET, end=ending)
        if ending:
            self.forget_codes()

    def _choose_literal_codes(self, codes: Codes, frequencies: list[int], estimate: int) -> None:
        used = [*frequencies[:256], *[0] * (LITERAL_COUNT - 256)]
        if self._open_header and not (self._literals.cover(used) and self._literals.size(used) <= estimate):
            self.end_block()
        if not self._open_header:
            self._literals = codes
            header = DynamicHeader(codes, END_OF_BLOCK + 1, SINGLE_OFFSET, 1)
            header.write(self.sink)
            self._only_literals = True
            self._open_header = header.size

    def _count(self, tokens: list[int]) -> tuple[list[int], list[int]]:
        literals = [0] * LITERAL_COUNT
        offsets = [0] * OFFSET_COUNT
        for token in tokens:
            if token < MATCH:
                literals[token] += 1
            else:
                literals[LENGTH_CODES_START + huffman.LENGTH_CODE[token >> 16 & 255]] += 1
                offsets[huffman.OFFSET_CODE[token & 0xFFFF]] += 1
        literals[END_OF_BLOCK] = 1 if self.syncing or not self._full_tables else 0
        return literals, offsets

    def _put(self, tokens: list[int], literals: Codes, offsets: Codes, *, end: bool) -> None:
        self.sink.put_tokens(tokens, literals, offsets)
        if end:
            self.sink.put_code(literals, END_OF_BLOCK)

    def _put_fixed(self, tokens: list[int]) -> None:
        self.end_block()
        self.sink.put(2, 3)
        self._put(tokens, FIXED_LITERALS, FIXED_OFFSETS, end=True)

    def _written_with_open_codes(
        self, tokens: list[int], data: bytes | None, literals: list[int], offsets: list[int]
    ) -> bool:
        """Weigh the open block's codes against new ones; the latter are wanted if no header is left open."""
        extra = huffman.extra_bits(literals, offsets)
        count = len(tokens) + self.syncing
        fresh = self._open_header + estimated_bits(literals, offsets, count)
        fresh += self._literals.lengths[END_OF_BLOCK] + (fresh >> self._penalty)
        size = self._literals.size(literals) + self._offsets.size(offsets) + extra
        if fresh < size:
            self.end_block()
            size = fresh
        fixed = 3 + FIXED_LITERALS.size(literals) + FIXED_OFFSETS.size(offsets) + extra + 7
        if count < _FEW_TOKENS and fixed < size and not _fits_stored(data, size):
            self._put_fixed(tokens)
            return True
        if _fits_stored(data, size):
            self.stored(data)
            return True
        return False

    def _written_without_codes(
        self,
        tokens: list[int],
        data: bytes | None,
        frequencies: tuple[list[int], list[int]],
        listed: tuple[int, int],
    ) -> bool:
        """Make codes and write their header, unless the block is better off without."""
        literals, offsets = frequencies
        extra = huffman.extra_bits(literals, offsets)
        literals[END_OF_BLOCK] = 1
        self._literals, self._offsets = huffman.generate(literals, 15), huffman.generate(offsets, 15)
        header = DynamicHeader(self._literals, listed[0], self._offsets, listed[1])
        size = header.size + self._literals.size(literals) + self._offsets.size(offsets) + extra
        fixed = 3 + FIXED_LITERALS.size(literals) + FIXED_OFFSETS.size(offsets) + extra
        is_fixed = len(tokens) + self.syncing < _FEW_TOKENS and fixed <= size
        if _fits_stored(data, fixed if is_fixed else size):
            self.stored(data)
            return True
        if is_fixed:
            self._put_fixed(tokens)
            return True
        header.write(self.sink)
        if not self.syncing:
            self._open_header = header.size
        self._only_literals = False
        return False

    def _listed_codes(self, literals: list[int], offsets: list[int]) -> tuple[int, int]:
        """How many codes the header lists; klauspost up to 1.18.0 lists all unless a flush follows."""
        if self._full_tables and not self.syncing:
            return LITERAL_COUNT, OFFSET_COUNT
        offset_count = huffman.used_count(offsets)
        if not offset_count:
            offsets[0] = offset_count = 1
        return huffman.used_count(literals), offset_count
