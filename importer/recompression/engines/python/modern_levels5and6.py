"""Go's compress/flate from 1.27 on and klauspost/compress in Python: the searches of levels 5 and 6.

The same as ``modern_levels5and6.h``, and like it after compress/flate of Go 1.27.3 (level5.go,
level6.go); copyright of the originals: see ../NOTICE.
"""

from __future__ import annotations

from importer.recompression.engines.python.huffman import MAX_MATCH, MAX_OFFSET
from importer.recompression.engines.python.modern_match_finder import (
    NO_CANDIDATES,
    TABLE_SIZE,
    Match,
    MatchFinder,
    hash4,
    hash7,
)


class MatchFinder5(MatchFinder):
    """level5.go."""

    _skip_log = 6

    def __init__(self) -> None:
        super().__init__()
        # The last two positions with the same seven bytes' hash.
        self._long_table = [NO_CANDIDATES] * TABLE_SIZE
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

    def _first(self, at: int, emitted: int, limit: int) -> tuple[Match | None, int]:
        """The next match, and where the search would have gone on."""
        following = at
        while True:
            at = following
            value = self._load(at)
            short_key, long_key = hash4(value), hash7(value)
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
            long_key = hash7(value)
            seen = self._candidates(long_key)
            self._table[hash4(value)] = following + self._base
            self._push(long_key, following)
            if match is None:
                match = Match(at, short, self._limited_length(at, short))
                self._look_ahead(match, following, seen)
            return match, following

    def _long_match(self, at: int, seen: tuple[int, int]) -> Match | None:
        current, previous = seen
        if at - current >= MAX_OFFSET:
            return None
        if not self._is_match(at, current):
            return Match(at, previous) if self._is_match(at, previous) else None
        match = Match(at, current)
        if self._is_match(at, previous):
            match.length = self._limited_length(at, current)
            self._take_longer(match, at, previous)
        return match

    def _take_longer(self, match: Match, at: int, candidate: int) -> bool:
        length = self._limited_length(at, candidate)
        if length <= match.length:
            return False
        match.at, match.candidate, match.length = at, candidate, length
        return True

    def _look_ahead(self, match: Match, following: int, seen: tuple[int, int]) -> None:
        """A short match was found: look whether the next byte starts a longer one."""
        current, previous = seen
        if following - current >= MAX_OFFSET:
            return
        if self._is_match(following, current) and self._take_longer(match, following, current):
            return
        if self._is_match(following, previous):
            self._take_longer(match, following, previous)

    def _try_end(self, match: Match, at: int, candidate: int) -> None:
        if candidate >= 0 and 0 < at - candidate < MAX_OFFSET:
            length = self._length(at, candidate)
            if length > match.length:
                match.at, match.candidate, match.length = at, candidate, length

    def _improve(self, match: Match, limit: int) -> None:
        """Try a match that ends later, found by what follows the match; its first two bytes may differ."""
        end = match.at + match.length
        if end < limit and match.length < 30:
            current, _ = self._candidates(hash7(self._load(end)))
            self._try_end(match, match.at + 2, current - match.length + 2)

    def _index_rest(self, start: int) -> None:
        """Enter nothing behind the last match."""

    def _index(self, match: Match, following: int, end: int) -> None:
        """Enter about every third string of the match."""
        del following
        base = self._base
        at = end - match.length + 1
        if at < end - 1:
            value = self._load(at)
            self._table[hash4(value)] = at + base
            self._push(hash7(value), at)
            self._push(hash7(value >> 8), at + 1)
            self._table[hash4(value >> 16)] = at + 2 + base
            for inside in range(at + 4, end - 1, 3):
                value = self._load(inside)
                self._push(hash7(value), inside)
                self._table[hash4(value >> 8)] = inside + 1 + base
        value = self._load(end - 1)
        self._table[hash4(value)] = end - 1 + base
        self._push(hash7(value), end - 1)


class MatchFinder6(MatchFinder5):
    """level6.go."""

    _skip_log = 7

    def _look_ahead(self, match: Match, following: int, seen: tuple[int, int]) -> None:
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

    def _improve(self, match: Match, limit: int) -> None:
        end, at = match.at + match.length, match.at
        if end >= limit:
            return
        current, previous = self._candidates(hash7(self._load(end)))
        if at - current + match.length >= MAX_OFFSET:
            return
        self._try_end(match, at + 2, current - match.length + 2)
        # From the length that the first candidate may have left.
        self._try_end(match, at + 2, previous - match.length + 2)

    def _index_rest(self, start: int) -> None:
        for at in range(start, len(self._history) - 8, 2):
            value = self._load(at)
            self._table[hash4(value)] = at + self._base
            self._push(hash7(value), at)

    def _index(self, match: Match, following: int, end: int) -> None:
        """Enter every long string of the match and every other short one."""
        del match
        for at in range(following + 1, end - 1, 2):
            value = self._load(at)
            self._table[hash4(value)] = at + self._base
            self._push(hash7(value), at)
            self._push(hash7(value >> 8), at + 1)
