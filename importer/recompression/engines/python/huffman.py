"""What both generations of Go's compress/flate share, in Python: the tables of RFC 1951 and Huffman codes.

The same as ``huffman.h``, and like it after compress/flate of Go 1.19.8 (token.go, huffman_code.go); copyright of the
originals: see ../NOTICE.

A token is a literal's byte, or ``MATCH | (length - 3) << 16 | (offset - 1)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LITERAL_COUNT: Final = 286
OFFSET_COUNT: Final = 30
CODEGEN_COUNT: Final = 19
END_OF_BLOCK: Final = 256
LENGTH_CODES_START: Final = 257
MAX_MATCH: Final = 258
MAX_STORED: Final = 65535
MAX_OFFSET: Final = 32768
MATCH: Final = 1 << 24

_INFINITE: Final = 2**31 - 1

LENGTH_EXTRA: Final = (*(0,) * 8, *(n // 4 for n in range(4, 24)), 0)
OFFSET_EXTRA: Final = (0, 0, *(n // 2 for n in range(28)))
LENGTH_BASE: Final = (*(sum(1 << extra for extra in LENGTH_EXTRA[:code]) for code in range(28)), 255)
OFFSET_BASE: Final = tuple(sum(1 << extra for extra in OFFSET_EXTRA[:code]) for code in range(OFFSET_COUNT))
CODEGEN_ORDER: Final = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)


def _codes_by_value(bases: Sequence[int], size: int) -> bytes:
    """For every value the last code whose base is not above it."""
    codes = bytearray(size)
    for code, base in enumerate(bases):
        codes[base:] = bytes([code]) * (size - base)
    return bytes(codes)


LENGTH_CODE: Final = _codes_by_value(LENGTH_BASE, 256)
"""The length code, less 257, by length - 3."""

OFFSET_CODE: Final = _codes_by_value(OFFSET_BASE, MAX_OFFSET)
"""The offset code by offset - 1."""


@dataclass(frozen=True, slots=True)
class Codes:
    """Huffman codes by symbol: bits in the order of writing, and how many; 0 for an unused symbol."""

    bits: Sequence[int]
    lengths: Sequence[int]

    def size(self, frequencies: Sequence[int]) -> int:
        """How many bits the symbols take."""
        return sum(map(int.__mul__, frequencies, self.lengths))

    def cover(self, frequencies: Sequence[int]) -> bool:
        """Whether every symbol in use has a code."""
        return all(length or not frequency for frequency, length in zip(frequencies, self.lengths, strict=True))


def _reverse(value: int, count: int) -> int:
    return int(format(value, f"0{count}b")[::-1], 2)


@dataclass(slots=True)
class _Level:
    last: int
    leaf: int
    pair: int
    needed: int = 0


def _count_lengths(frequencies: Sequence[int], max_bits: int) -> list[int]:
    """Go's bitCounts: how many symbols get codes of 0, 1, … max_bits bits.

    The frequencies ascend, and there are three or more.
    """
    count = len(frequencies)
    max_bits = min(max_bits, count - 1)
    leaf = [*frequencies, _INFINITE]
    levels = [_Level(leaf[1], leaf[2], leaf[0] + leaf[1]) for _ in range(max_bits + 2)]
    levels[0].needed = 0
    levels[1].pair = _INFINITE
    leaves = [[2 if row == column else 0 for column in range(max_bits + 1)] for row in range(max_bits + 1)]
    levels[max_bits].needed = 2 * count - 4
    level = max_bits
    while level <= max_bits:
        here = levels[level]
        if here.pair == _INFINITE and here.leaf == _INFINITE:
            here.needed = 0
            levels[level + 1].pair = _INFINITE
            level += 1
            continue
        previous = here.last
        if here.leaf < here.pair:
            leaves[level][level] += 1
            here.last = here.leaf
            here.leaf = leaf[leaves[level][level]]
        else:
            here.last = here.pair
            leaves[level][:level] = leaves[level - 1][:level]
            levels[level - 1].needed = 2
        here.needed -= 1
        if here.needed:
            while levels[level - 1].needed > 0:
                level -= 1
        elif level == max_bits:
            break
        else:
            levels[level + 1].pair = previous + here.last
            level += 1
    top = leaves[max_bits]
    return [0, *(top[at] - top[at - 1] for at in range(max_bits, 0, -1))]


def generate(frequencies: Sequence[int], max_bits: int) -> Codes:
    """Go's huffmanEncoder.generate: the best codes of at most ``max_bits`` bits."""
    bits = [0] * len(frequencies)
    lengths = [0] * len(frequencies)
    used = [symbol for symbol, frequency in enumerate(frequencies) if frequency]
    if len(used) <= 2:
        for code, symbol in enumerate(used):
            bits[symbol], lengths[symbol] = code, 1
        return Codes(bits, lengths)
    used.sort(key=lambda symbol: (frequencies[symbol], symbol))
    code = 0
    for length, count in enumerate(_count_lengths([frequencies[symbol] for symbol in used], max_bits)):
        code <<= 1
        for symbol in sorted(used[len(used) - count :]):
            bits[symbol], lengths[symbol] = _reverse(code, length), length
            code += 1
        del used[len(used) - count :]
    return Codes(bits, lengths)


def _fixed_literals() -> Codes:
    lengths = [8] * 144 + [9] * 112 + [7] * 24 + [8] * 6
    starts = [48] * 144 + [400 - 144] * 112 + [-256] * 24 + [192 - 280] * 6
    return Codes([_reverse(symbol + starts[symbol], lengths[symbol]) for symbol in range(LITERAL_COUNT)], lengths)


FIXED_LITERALS: Final = _fixed_literals()
FIXED_OFFSETS: Final = Codes([_reverse(code, 5) for code in range(OFFSET_COUNT)], [5] * OFFSET_COUNT)

SINGLE_OFFSET: Final = Codes([0] * OFFSET_COUNT, [1] + [0] * (OFFSET_COUNT - 1))
"""Go's huffOffset, for blocks without matches."""


def extra_bits(literals: Sequence[int], offsets: Sequence[int]) -> int:
    """How many extra bits the matches take, by the frequencies of their codes."""
    lengths = map(int.__mul__, literals[LENGTH_CODES_START:], LENGTH_EXTRA)
    return sum(lengths) + sum(map(int.__mul__, offsets, OFFSET_EXTRA))


def used_count(frequencies: Sequence[int]) -> int:
    """How many symbols there are up to the last one in use."""
    count = len(frequencies)
    while count and not frequencies[count - 1]:
        count -= 1
    return count
