"""Go's compress/flate from 1.27 on and klauspost/compress in Python: the search for matches.

The same as ``_deflate_modern.h``, and like it after compress/flate of Go 1.27.3 (deflatefast.go,
level1.go, level5.go, level6.go); copyright of the originals: see NOTICE in this folder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from importer.recompression.pure_huffman import MATCH, MAX_MATCH, MAX_OFFSET, MAX_STORED, equal_bytes

_TABLE_BITS: Final = 15
_TABLE_SIZE: Final = 1 << _TABLE_BITS
_HISTORY: Final = MAX_STORED * 5
_INPUT_MARGIN: Final = 11
_SHORTEST: Final = 2 + _INPUT_MARGIN
_FAR: Final = -2 * MAX_OFFSET
_NO_CANDIDATES: Final = (_FAR, _FAR)
_LOW32: Final = 0xFFFFFFFF
_LOW64: Final = 0xFFFFFFFFFFFFFFFF


def _hash4(value: int) -> int:
    return ((value & _LOW32) * 2654435761 & _LOW32) >> 32 - _TABLE_BITS


def _hash5(value: int) -> int:
    return ((value << 24) * 889523592379 & _LOW64) >> 64 - _TABLE_BITS


def _hash7(value: int) -> int:
    return ((value << 8) * 58295818150454627 & _LOW64) >> 64 - _TABLE_BITS


@dataclass(slots=True)
class _Match:
    at: int
    candidate: int
    length: int = 0
    """0: at least 4, not measured yet."""


class Search:
    """The history that matches point back to, and the tables to find them by."""

    def __init__(self) -> None:
        self._history = bytearray()
        # Where the history starts in the stream; the tables hold positions in the stream.
        self._base = 0
        self._table = [_FAR] * _TABLE_SIZE
        self._tokens: list[int] = []

    def encode(self, data: bytes) -> list[int]:
        """Turn a block into tokens; none at all when no match was found."""
        if len(self._history) + len(data) > _HISTORY:
            gone = len(self._history) - MAX_OFFSET
            del self._history[:gone]
            self._base += gone
        start = len(self._history)
        self._history += data
        self._tokens = []
        if len(data) >= _SHORTEST:
            emitted = self._find(start, len(self._history) - _INPUT_MARGIN)
            if self._tokens:
                self._tokens += self._history[emitted:]
        return self._tokens

    def _find(self, start: int, limit: int) -> int:
        """Add the tokens up to the last match; return its end."""
        raise NotImplementedError

    def _load(self, at: int) -> int:
        return int.from_bytes(self._history[at : at + 8], "little")

    def _is_match(self, at: int, candidate: int, reach: int = MAX_OFFSET - 1) -> bool:
        history = self._history
        in_reach = candidate >= 0 and at - candidate <= reach
        return in_reach and history[candidate : candidate + 4] == history[at : at + 4]

    def _length(self, at: int, candidate: int) -> int:
        return equal_bytes(self._history, at, candidate, len(self._history) - at)

    def _limited_length(self, at: int, candidate: int) -> int:
        """The same, as far as one token reaches, when the first 4 bytes are known to be equal."""
        most = min(MAX_MATCH - 4, len(self._history) - at - 4)
        return 4 + equal_bytes(self._history, at + 4, candidate + 4, most)

    def _emit(self, match: _Match, emitted: int) -> int:
        """Write a match and the literals before it, after growing it backwards; return its end."""
        history = self._history
        at, candidate = match.at, match.candidate
        while candidate > 0 and at > emitted and history[candidate - 1] == history[at - 1]:
            at -= 1
            candidate -= 1
        length = match.length + match.at - at
        match.at, match.candidate, match.length = at, candidate, length
        self._tokens += history[emitted:at]
        while length > 0:
            piece = length if length <= MAX_MATCH else MAX_MATCH if length > MAX_MATCH + 3 else MAX_MATCH - 3
            self._tokens.append(MATCH | piece - 3 << 16 | at - candidate - 1)
            length -= piece
        return at + match.length


class Search1(Search):
    """level1.go."""

    def _swap(self, key: int, at: int) -> int:
        """Enter a position; return the candidate it replaces."""
        candidate = self._table[key] - self._base
        self._table[key] = at + self._base
        return candidate

    def _find(self, start: int, limit: int) -> int:
        emitted = at = start
        while True:
            found, following = self._first(at, emitted, limit)
            if found is None:
                return emitted
            while found is not None:
                found.length = 4 + self._length(found.at + 4, found.candidate + 4)
                emitted = self._emit(found, emitted)
                at = max(emitted, following + 1)
                if at >= limit:
                    if at + found.length + 8 < len(self._history):
                        self._table[_hash5(self._load(at))] = at + self._base
                    return emitted
                self._table[_hash5(self._load(at - 2))] = at - 2 + self._base
                candidate = self._swap(_hash5(self._load(at)), at)
                # One byte further back than elsewhere, as in the original.
                found = _Match(at, candidate) if self._is_match(at, candidate, MAX_OFFSET) else None
            at += 1

    def _first(self, at: int, emitted: int, limit: int) -> tuple[_Match | None, int]:
        """The next match, and where the search would have gone on."""
        while True:
            key = _hash5(self._load(at))
            following = at + 2 + (at - emitted >> 5)
            if following > limit:
                return None, following
            candidate = self._swap(key, at)
            key = _hash5(self._load(following))
            if self._is_match(at, candidate):
                self._table[key] = following + self._base
                return _Match(at, candidate), following
            at, following = following, following + 1
            candidate = self._swap(key, at)
            if self._is_match(at, candidate):
                self._table[key] = following + self._base
                return _Match(at, candidate), following
            at = following


class Search5(Search):
    """level5.go."""

    _skip_log = 6

    def __init__(self) -> None:
        super().__init__()
        # The last two positions with the same seven bytes' hash.
        self._long_table = [_NO_CANDIDATES] * _TABLE_SIZE
        self._repeat = 1

    def _push(self, key: int, at: int) -> None:
        self._long_table[key] = (at + self._base, self._long_table[key][0])

    def _candidates(self, key: int) -> tuple[int, int]:
        current, previous = self._long_table[key]
        return current - self._base, previous - self._base

    def _find(self, start: int, limit: int) -> int:
        emitted = at = start
        self._repeat = 1
        while True:
            match, following = self._first(at, emitted, limit)
            if match is None:
                return emitted
            if not match.length:
                match.length = 4 + self._length(match.at + 4, match.candidate + 4)
            elif match.length == MAX_MATCH:
                match.length += self._length(match.at + MAX_MATCH, match.candidate + MAX_MATCH)
            self._improve(match, limit)
            emitted = self._emit(match, emitted)
            self._repeat = match.at - match.candidate
            at = max(emitted, following + 1)
            if at >= limit:
                self._index_rest(following + 1)
                return emitted
            self._index(match, following, at)

    def _first(self, at: int, emitted: int, limit: int) -> tuple[_Match | None, int]:
        """The next match, and where the search would have gone on."""
        following = at
        while True:
            at = following
            value = self._load(at)
            short_key, long_key = _hash4(value), _hash7(value)
            following = at + 1 + (at - emitted >> self._skip_log)
            if following > limit:
                return None, following
            short = self._table[short_key] - self._base
            seen = self._candidates(long_key)
            self._table[short_key] = at + self._base
            self._push(long_key, at)
            match = self._long_match(at, seen)
            if match is None and not self._is_match(at, short):
                continue
            value = self._load(following)
            long_key = _hash7(value)
            seen = self._candidates(long_key)
            self._table[_hash4(value)] = following + self._base
            self._push(long_key, following)
            if match is None:
                match = _Match(at, short, self._limited_length(at, short))
                self._look_ahead(match, following, seen)
            return match, following

    def _long_match(self, at: int, seen: tuple[int, int]) -> _Match | None:
        current, previous = seen
        if at - current >= MAX_OFFSET:
            return None
        if not self._is_match(at, current):
            return _Match(at, previous) if self._is_match(at, previous) else None
        match = _Match(at, current)
        if self._is_match(at, previous):
            match.length = self._limited_length(at, current)
            self._take_longer(match, at, previous)
        return match

    def _take_longer(self, match: _Match, at: int, candidate: int) -> bool:
        length = self._limited_length(at, candidate)
        if length <= match.length:
            return False
        match.at, match.candidate, match.length = at, candidate, length
        return True

    def _look_ahead(self, match: _Match, following: int, seen: tuple[int, int]) -> None:
        """A short match was found: look whether the next byte starts a longer one."""
        current, previous = seen
        if following - current >= MAX_OFFSET:
            return
        if self._is_match(following, current) and self._take_longer(match, following, current):
            return
        if self._is_match(following, previous):
            self._take_longer(match, following, previous)

    def _try_end(self, match: _Match, at: int, candidate: int) -> None:
        if candidate >= 0 and 0 < at - candidate < MAX_OFFSET:
            length = self._length(at, candidate)
            if length > match.length:
                match.at, match.candidate, match.length = at, candidate, length

    def _improve(self, match: _Match, limit: int) -> None:
        """Try a match that ends later, found by what follows the match; its first two bytes may differ."""
        end = match.at + match.length
        if end < limit and match.length < 30:
            current, _ = self._candidates(_hash7(self._load(end)))
            self._try_end(match, match.at + 2, current - match.length + 2)

    def _index_rest(self, start: int) -> None:
        """Enter nothing behind the last match."""

    def _index(self, match: _Match, following: int, end: int) -> None:
        """Enter about every third string of the match."""
        del following
        base = self._base
        at = end - match.length + 1
        if at < end - 1:
            value = self._load(at)
            self._table[_hash4(value)] = at + base
            self._push(_hash7(value), at)
            self._push(_hash7(value >> 8), at + 1)
            self._table[_hash4(value >> 16)] = at + 2 + base
            for inside in range(at + 4, end - 1, 3):
                value = self._load(inside)
                self._push(_hash7(value), inside)
                self._table[_hash4(value >> 8)] = inside + 1 + base
        value = self._load(end - 1)
        self._table[_hash4(value)] = end - 1 + base
        self._push(_hash7(value), end - 1)


class Search6(Search5):
    """level6.go."""

    _skip_log = 7

    def _look_ahead(self, match: _Match, following: int, seen: tuple[int, int]) -> None:
        at = match.at + 1
        candidate = at - self._repeat
        history = self._history
        if history[candidate : candidate + 4] == history[at : at + 4] and self._take_longer(match, at, candidate):
            return
        current, previous = seen
        if following - current >= MAX_OFFSET:
            return
        if self._is_match(following, current):
            self._take_longer(match, following, current)
        if self._is_match(following, previous):
            self._take_longer(match, following, previous)

    def _improve(self, match: _Match, limit: int) -> None:
        end, at = match.at + match.length, match.at
        if end >= limit:
            return
        current, previous = self._candidates(_hash7(self._load(end)))
        if at - current + match.length >= MAX_OFFSET:
            return
        self._try_end(match, at + 2, current - match.length + 2)
        # From the length that the first candidate may have left.
        self._try_end(match, at + 2, previous - match.length + 2)

    def _index_rest(self, start: int) -> None:
        for at in range(start, len(self._history) - 8, 2):
            value = self._load(at)
            self._table[_hash4(value)] = at + self._base
            self._push(_hash7(value), at)

    def _index(self, match: _Match, following: int, end: int) -> None:
        """Enter every long string of the match and every other short one."""
        del match
        for at in range(following + 1, end - 1, 2):
            value = self._load(at)
            self._table[_hash4(value)] = at + self._base
            self._push(_hash7(value), at)
            self._push(_hash7(value >> 8), at + 1)


SEARCHES: Final[Mapping[int, Callable[[], Search]]] = {1: Search1, 5: Search5, 6: Search6}
"""By level."""
