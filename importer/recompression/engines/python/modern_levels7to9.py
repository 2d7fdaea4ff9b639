"""Go's compress/flate from 1.27 on and klauspost/compress in Python: levels 7 to 9.

The same as ``modern_levels7to9.h`` and ``modern_levels7to9_chains.h``, and like them after deflate.go
(deflateLazy) of compress/flate of Go 1.27.3, and with full tables of klauspost/compress 1.15.12; copyright of
the originals: see ../NOTICE.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from importer.recompression.engines.python import huffman
from importer.recompression.engines.python.huffman import MATCH, MAX_MATCH, MAX_OFFSET
from importer.recompression.engines.python.match_length import equal_bytes
from importer.recompression.engines.python.modern_blocks import ModernBlocks

_MASK: Final = MAX_OFFSET - 1
_MIN_MATCH: Final = 4
_LOOKAHEAD: Final = _MIN_MATCH + MAX_MATCH
_BLOCK_TOKENS: Final = 1 << 15
_HASH_SIZE: Final = 1 << 17
_LONG_CHAIN: Final = 100
_TAIL: Final = 2
_NEW_TABLE_PENALTY: Final = 8


@dataclass(frozen=True, slots=True)
class _Level:
    lazy: int
    nice: int
    chain: int


_LEVELS: Final = {7: _Level(12, 16, 24), 8: _Level(30, 40, 64), 9: _Level(258, 258, 1024)}


class ModernLevels7To9:
    """The stream at levels 7 to 9; klauspost's form with full tables."""

    def __init__(self, level: int, full_tables: bool = False) -> None:
        if level not in _LEVELS:
            raise ValueError(f"no level {level}")
        self._level = _LEVELS[level]
        self._is_klauspost = full_tables
        self._blocks = ModernBlocks(full_tables=full_tables, new_table_penalty=_NEW_TABLE_PENALTY)
        self._start(b"")

    def write(self, data: bytes | memoryview) -> bytes:
        """Take raw bytes; return the compressed bytes ready so far."""
        rest = memoryview(data).cast("B") if data else memoryview(b"")
        while rest:
            if len(self._window) == 2 * MAX_OFFSET:
                self._deflate()
            if self._index >= 2 * MAX_OFFSET - _LOOKAHEAD:
                self._shift()
            room = 2 * MAX_OFFSET - len(self._window)
            self._window += rest[:room]
            rest = rest[room:]
        return self._blocks.sink.take()

    def reset(self, dictionary: bytes | memoryview) -> None:
        """Forget all that came before but the dictionary, and start over."""
        self._blocks.forget_codes()
        self._start(bytes(dictionary)[-MAX_OFFSET:])

    def flush(self) -> bytes:
        """Compress all that was taken in and end at a byte boundary."""
        self._blocks.syncing = True
        self._deflate()
        self._blocks.stored(b"")
        self._blocks.syncing = False
        return self._blocks.sink.take()

    def finish(self) -> bytes:
        """End the stream; return the rest of it."""
        self._blocks.syncing = True
        self._deflate()
        self._blocks.last()
        return self._blocks.sink.take()

    def _start(self, dictionary: bytes) -> None:
        self._window = bytearray(dictionary)
        self._index = len(dictionary)
        self._block_start: int | None = 0 if self._is_klauspost else self._index
        self._pending = False
        self._length = _MIN_MATCH - 1
        self._offset = 0
        self._chain_head = 0
        self._literal_run = 0
        self._last_insert = 0
        self._weights: list[int] = [0] * 256
        self._tokens: list[int] = []
        # As at the levels of Go up to 1.26: positions in the stream plus one.
        self._base = 1
        self._heads = [0] * _HASH_SIZE
        self._previous = [0] * MAX_OFFSET
        for index in range(len(dictionary) - _MIN_MATCH + 1):
            self._insert(index)

    def _shift(self) -> None:
        del self._window[:MAX_OFFSET]
        self._index -= MAX_OFFSET
        self._base += MAX_OFFSET
        if self._block_start is not None:
            self._block_start -= MAX_OFFSET
            if self._block_start < 0:
                self._block_start = None

    def _key(self, index: int) -> int:
        value = int.from_bytes(self._window[index : index + 4], "little")
        return (value * 2654435761 & 0xFFFFFFFF) >> 15

    def _insert(self, index: int) -> int:
        key = self._key(index)
        head = self._heads[key]
        self._previous[index & _MASK] = head
        self._heads[key] = index + self._base
        return head

    def _flush_tokens(self) -> None:
        data = None if self._block_start is None else bytes(self._window[self._block_start : self._index])
        self._block_start = self._index
        self._blocks.dynamic(self._tokens, data)
        self._tokens = []

    def _add(self, token: int) -> None:
        self._tokens.append(token)
        if len(self._tokens) == _BLOCK_TOKENS:
            self._flush_tokens()

    def _deflate(self) -> None:
        """Go's deflateLazy: compress as far as the lookahead allows, or to the end."""
        end = len(self._window)
        if end - self._index < _LOOKAHEAD and not self._blocks.syncing:
            return
        if end != self._index and self._level.chain > _LONG_CHAIN:
            self._weigh_literals()
        self._last_insert = end - (_MIN_MATCH - 1)
        while True:
            lookahead = end - self._index
            if lookahead < _LOOKAHEAD and not self._blocks.syncing:
                return
            if not lookahead:
                self._flush_rest()
                return
            self._step(lookahead)

    def _weigh_literals(self) -> None:
        """The codes by which level 9 weighs a match against literals; klauspost counts in 16 bits."""
        end = len(self._window) if self._is_klauspost else self._index + _BLOCK_TOKENS
        data = bytes(self._window[self._index : end])
        lengths = huffman.generate([data.count(byte) & 0xFFFF for byte in range(256)], 15).lengths
        least = 0 if self._is_klauspost else 1
        self._weights = [max(least, length) for length in lengths]

    def _step(self, lookahead: int) -> None:
        if self._index < self._last_insert:
            self._chain_head = self._insert(self._index)
        length, offset = self._length, self._offset
        candidate = self._chain_head - self._base
        self._length, self._offset = _MIN_MATCH - 1, 0
        if candidate >= max(0, self._index - MAX_OFFSET) and lookahead > length and length < self._level.lazy:
            self._find_match(candidate, min(lookahead, MAX_MATCH))
        if length >= _MIN_MATCH and self._length <= length:
            self._emit_match(length, offset, lookahead)
        else:
            self._emit_literal()

    def _gain(self, bits: int, length: int, distance: int) -> int:
        """What the bytes would take as literals, less what the match takes beside its two codes."""
        # Of the distance itself, not of the distance less one, as in the original; the largest runs over
        # in its table and counts as code 14.
        code = 14 if distance == MAX_OFFSET else huffman.OFFSET_CODE[distance]
        extra = huffman.OFFSET_EXTRA[code] + huffman.LENGTH_EXTRA[huffman.LENGTH_CODE[length - 3 & 255]]
        return bits - extra - (6 if self._is_klauspost else 3)

    def _find_match(self, candidate: int, longest: int) -> None:
        window, position = self._window, self._index
        nice = min(self._level.nice, longest)
        weighs = self._level.chain >= _LONG_CHAIN
        weights = (self._weights[byte] for byte in window[position : position + longest]) if weighs else ()
        bits = list(accumulate(weights, initial=0))
        length = _MIN_MATCH - 1
        lowest = max(0, position - MAX_OFFSET)
        best = 0 if self._is_klauspost else 4
        wanted = window[position + length]
        for _ in range(self._level.chain):
            if window[candidate + length] == wanted:
                n = equal_bytes(window, candidate, position, longest)
                gain = self._gain(bits[n], n, position - candidate) if weighs and n > length else best + 1
                if n > length and gain > best:
                    best = gain if weighs else best
                    length = self._length = n
                    self._offset = position - candidate
                    if n >= nice:
                        return
                    wanted = window[position + n]
            if candidate <= lowest:
                return
            candidate = self._previous[candidate & _MASK] - self._base
            if candidate < lowest:
                return

    def _try_end(self, length: int, offset: int, lookahead: int) -> tuple[int, int]:
        """Look for a longer match by the end of this one: klauspost's form."""
        start = self._index - 1
        if start + length + _TAIL >= self._last_insert:
            return length, offset
        candidate = self._heads[self._key(start + length - _TAIL)] - self._base - length + _TAIL
        if candidate <= max(0, self._index - MAX_OFFSET):
            return length, offset
        found = equal_bytes(self._window, start, candidate, min(lookahead, MAX_MATCH))
        return (found, start - candidate) if found > length else (length, offset)

    def _try_later(self, length: int, offset: int, lookahead: int) -> tuple[int, int]:
        """Go 1.27's tryBetterMatchAtEnd: the same, with up to two bytes before the match as literals."""
        start = self._index - 1
        if length >= MAX_MATCH - _TAIL or start + length >= self._last_insert:
            return length, offset
        candidate = self._heads[self._key(start + length)] - self._base - length
        if start - candidate == offset or candidate <= max(0, self._index - MAX_OFFSET) + _TAIL:
            return length, offset
        most = min(lookahead, MAX_MATCH + _TAIL) - _TAIL
        found = equal_bytes(self._window, start + _TAIL, candidate + _TAIL, most)
        if found <= length:
            return length, offset
        for before in range(_TAIL - 1, -1, -1):
            if found >= MAX_MATCH or self._window[start + before] != self._window[candidate + before]:
                self._skip(start, before + 1)
                break
            found += 1
        return found, start - candidate

    def _skip(self, start: int, count: int) -> None:
        for at in range(start, start + count):
            self._add(self._window[at])
            self._index += 1
            if self._index < self._last_insert:
                self._chain_head = self._insert(self._index)

    def _emit_match(self, length: int, offset: int, lookahead: int) -> None:
        improve = self._try_end if self._is_klauspost else self._try_later
        length, offset = improve(length, offset, lookahead)
        end = self._index + length - 1
        for index in range(self._index + 1, min(end, self._last_insert)):
            self._insert(index)
        self._index = end
        self._pending = False
        self._length = _MIN_MATCH - 1
        self._literal_run = 0
        self._add(MATCH | length - 3 << 16 | offset - 1)

    def _emit_literal(self) -> None:
        if self._length >= _MIN_MATCH:
            self._literal_run = 0
        if not self._pending:
            self._index += 1
            self._pending = True
            return
        self._literal_run = self._literal_run + 1 & 0xFFFF
        self._add(self._window[self._index - 1])
        self._index += 1
        self._skip_literals()

    def _skip_literals(self) -> None:
        """After many bytes without a match more and more of them are not searched for."""
        count = self._literal_run - self._level.chain
        if count <= 0:
            return
        for _ in range(1 + (count >> 6)):
            if self._index >= len(self._window) - 1:
                break
            self._add(self._window[self._index - 1])
            if self._index < self._last_insert:
                self._chain_head = self._insert(self._index)
            self._index += 1
        self._pending = False
        self._add(self._window[self._index - 1])

    def _flush_rest(self) -> None:
        if self._pending:
            self._tokens.append(self._window[self._index - 1])
            self._pending = False
        if self._tokens:
            self._flush_tokens()
