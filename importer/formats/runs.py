"""Runs of bytes that are all alike in some way, found in one pass over blocks of any size."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

_NO_ZERO: Final = re.compile(rb"[^\0]")
_ASCII: Final = b"\t\n\r" + bytes(range(32, 127))
_BEYOND_ASCII: Final = bytes(range(128, 256))


def _zero_for(characters: bytes) -> bytes:
    return bytes(byte not in characters for byte in range(256))


_NO_ASCII: Final = _zero_for(_ASCII)
_NO_TEXT: Final = _zero_for(_ASCII + _BEYOND_ASCII)


@dataclass(frozen=True, slots=True)
class Run:
    """Bytes from ``start`` on, ``length`` of them."""

    start: int
    length: int


def repeats(blocks: Iterable[bytes], later: Iterable[bytes], distance: int) -> Iterator[Run]:
    """Where at least ``distance`` bytes are the same as those so far behind them; ``later`` begins there."""
    return _zeros((_differences(a, b) for a, b in _in_step(blocks, later)), distance)


def texts(blocks: Iterable[bytes], least: int, *, beyond_ascii: bool = False) -> Iterator[Run]:
    """Runs of at least so many bytes that a text may have: ASCII's, or those of other encodings as well."""
    table = _NO_TEXT if beyond_ascii else _NO_ASCII
    return _zeros((block.translate(table) for block in blocks), least)


def _zeros(blocks: Iterable[bytes], least: int) -> Iterator[Run]:
    """Runs of zeros; one may go on over many blocks."""
    position, start = 0, None
    for block in blocks:
        first = _NO_ZERO.search(block)
        if first is None:
            start = position if start is None else start
            position += len(block)
            continue
        at, tail = first.start(), len(block.rstrip(b"\0"))
        begin = position if start is None else start
        if position + at - begin >= least:
            yield Run(begin, position + at - begin)
        yield from (Run(position + run.start, run.length) for run in _inner(block, at, tail, least))
        start = position + tail if tail < len(block) else None
        position += len(block)
    if start is not None and position - start >= least:
        yield Run(start, position - start)


def _inner(block: bytes, start: int, end: int, least: int) -> Iterator[Run]:
    """The runs that other bytes stand before and behind."""
    wanted = bytes(least) if least <= end - start else b""
    at = block.find(wanted, start, end) if wanted else -1
    while at >= 0:
        behind = _NO_ZERO.search(block, at + least)
        over = behind.start() if behind else end
        yield Run(at, over - at)
        at = block.find(wanted, over, end)


def _differences(first: bytes, second: bytes) -> bytes:
    made = int.from_bytes(first, "little") ^ int.from_bytes(second, "little")
    return made.to_bytes(len(first), "little")


def _in_step(blocks: Iterable[bytes], others: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Both streams in blocks of the same sizes, as far as the shorter one goes."""
    left, right = iter(blocks), iter(others)
    first = second = b""
    while (first := first or next(left, b"")) and (second := second or next(right, b"")):
        size = min(len(first), len(second))
        yield first[:size], second[:size]
        first, second = first[size:], second[size:]
