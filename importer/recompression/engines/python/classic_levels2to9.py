"""Go's compress/flate up to 1.26 in Python: levels 2 to 9.

The same as ``classic_levels2to9.h``, and like it after compress/flate of Go 1.19.8 (deflate.go);
copyright of the originals: see ../NOTICE.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from importer.recompression.engines.python.classic_blocks import ClassicBlocks
from importer.recompression.engines.python.huffman import MATCH, MAX_MATCH
from importer.recompression.engines.python.match_length import equal_bytes

_WINDOW: Final = 32768
_MASK: Final = _WINDOW - 1
_MIN_MATCH: Final = 4
_LOOKAHEAD: Final = _MIN_MATCH + MAX_MATCH
_BLOCK_TOKENS: Final = 16384
_HASH_SIZE: Final = 1 << 17
_HASH_FACTOR: Final = 0x1E35A7BD
_NEAR: Final = 4096


@dataclass(frozen=True, slots=True)
class _Level:
    lazy: int
    nice: int
    chain: int
    greedy: int = 0
    """0: lazy matching; else the longest match whose strings are all entered into the chains."""


_LEVELS: Final = {
    2: _Level(0, 16, 8, greedy=5),
    3: _Level(0, 32, 32, greedy=6),
    4: _Level(4, 16, 16),
    5: _Level(16, 32, 32),
    6: _Level(16, 128, 128),
    7: _Level(32, 128, 256),
    8: _Level(128, 258, 1024),
    9: _Level(258, 258, 4096),
}


class ClassicLevels2To9:
    """Levels 2 to 9: deflate.go."""

    def __init__(self, level: int) -> None:
        if level not in _LEVELS:
            raise ValueError(f"no level {level}")
        self._level = _LEVELS[level]
        self._blocks = ClassicBlocks()
        self._tokens: list[int] = []
        self._finishing = False
        self._window = bytearray()
        self._index = 0
        self._block_start: int | None = 0
        self._pending = False
        self._length = _MIN_MATCH - 1
        self._offset = 0
        self._chain_head = 0
        # Positions in the chains are those in the stream plus one, so that zero means none; `base` is
        # where the window starts in the stream, plus one.
        self._base = 1
        self._heads = [0] * _HASH_SIZE
        self._previous = [0] * _WINDOW

    def write(self, data: bytes | memoryview) -> bytes:
        """Take raw bytes; return the compressed bytes ready so far."""
        rest = memoryview(data).cast("B") if data else memoryview(b"")
        while rest:
            self._deflate()
            if self._index >= 2 * _WINDOW - _LOOKAHEAD:
                self._shift()
            room = 2 * _WINDOW - len(self._window)
            self._window += rest[:room]
            rest = rest[room:]
        return self._blocks.sink.take()

    def finish(self) -> bytes:
        """End the stream; return the rest of it."""
        self._finishing = True
        self._deflate()
        self._blocks.stored(b"", last=True)
        return self._blocks.sink.take()

    def _shift(self) -> None:
        del self._window[:_WINDOW]
        self._index -= _WINDOW
        self._base += _WINDOW
        if self._block_start is not None:
            self._block_start -= _WINDOW
            if self._block_start < 0:
                self._block_start = None

    def _flush(self, index: int) -> None:
        data = None if self._block_start is None else bytes(self._window[self._block_start : index])
        self._block_start = index
        self._blocks.smallest(self._tokens, data)
        self._tokens.clear()

    def _flush_if_full(self, index: int) -> None:
        if len(self._tokens) == _BLOCK_TOKENS:
            self._flush(index)

    def _insert(self, index: int) -> int:
        """Enter the string at the index into the chains; return the head of its chain before."""
        value = int.from_bytes(self._window[index : index + 4], "big")
        key = value * _HASH_FACTOR >> 15 & _HASH_SIZE - 1
        head = self._heads[key]
        self._previous[index & _MASK] = head
        self._heads[key] = index + self._base
        return head

    def _deflate(self) -> None:
        """Go's deflate: compress as far as the lookahead allows, or to the end."""
        end = len(self._window)
        last_insert = end - (_MIN_MATCH - 1)
        while True:
            lookahead = end - self._index
            if lookahead < _LOOKAHEAD and not self._finishing:
                return
            if not lookahead:
                self._flush_rest()
                return
            if self._index < last_insert:
                self._chain_head = self._insert(self._index)
            if self._level.greedy:
                self._greedy_step(lookahead, last_insert)
            else:
                self._lazy_step(lookahead, last_insert)

    def _greedy_step(self, lookahead: int, last_insert: int) -> None:
        """Levels 2 and 3: every match is taken, and the strings of long ones are not entered."""
        start = self._index
        candidate = self._chain_head - self._base
        self._length = _MIN_MATCH - 1
        if candidate >= max(0, start - _WINDOW) and lookahead >= _MIN_MATCH:
            self._find_match(candidate, min(lookahead, MAX_MATCH))
        if self._length >= _MIN_MATCH:
            self._tokens.append(MATCH | self._length - 3 << 16 | self._offset - 1)
            self._index += self._length
            if self._length <= self._level.greedy:
                for index in range(start + 1, min(self._index, last_insert)):
                    self._insert(index)
        else:
            self._tokens.append(self._window[start])
            self._index += 1
        self._flush_if_full(self._index)

    def _lazy_step(self, lookahead: int, last_insert: int) -> None:
        """A match waits until the next one turns out no longer."""
        length, offset = self._length, self._offset
        candidate = self._chain_head - self._base
        self._length, self._offset = _MIN_MATCH - 1, 0
        if candidate >= max(0, self._index - _WINDOW) and lookahead > length and length < self._level.lazy:
            self._find_match(candidate, min(lookahead, MAX_MATCH))
        if length >= _MIN_MATCH and self._length <= length:
            self._emit_match(length, offset, last_insert)
            return
        if self._pending:
            self._tokens.append(self._window[self._index - 1])
            self._flush_if_full(self._index)
        self._index += 1
        self._pending = True

    def _find_match(self, candidate: int, longest: int) -> None:
        window, previous, base, position = self._window, self._previous, self._base, self._index
        nice = min(self._level.nice, longest)
        length = _MIN_MATCH - 1
        lowest = position - _WINDOW
        floor = max(0, lowest)
        wanted = window[position + length]
        for _ in range(self._level.chain):
            if window[candidate + length] == wanted:
                n = equal_bytes(window, candidate, position, longest)
                if n > length and (n > _MIN_MATCH or position - candidate <= _NEAR):
                    length = self._length = n
                    self._offset = position - candidate
                    if n >= nice:
                        return
                    wanted = window[position + n]
            if candidate == lowest:
                return
            candidate = previous[candidate & _MASK] - base
            if candidate < floor:
                return

    def _emit_match(self, length: int, offset: int, last_insert: int) -> None:
        self._tokens.append(MATCH | length - 3 << 16 | offset - 1)
        end = self._index + length - 1
        for index in range(self._index + 1, min(end, last_insert)):
            self._insert(index)
        self._index = end
        self._pending = False
        self._length = _MIN_MATCH - 1
        self._flush_if_full(self._index)

    def _flush_rest(self) -> None:
        if self._pending:
            self._tokens.append(self._window[self._index - 1])
            self._pending = False
        if self._tokens:
            self._flush(self._index)
