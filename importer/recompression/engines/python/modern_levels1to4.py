"""Go's compress/flate from 1.27 on and klauspost/compress in Python: the searches of levels 1 to 4.

The same as ``modern_levels1and2.h`` and ``modern_levels3and4.h``, and like them after compress/flate of
Go 1.27.3 (level1.go to level4.go); copyright of the originals: see ../NOTICE.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from importer.recompression.engines.python.huffman import MAX_OFFSET
from importer.recompression.engines.python.modern_levels5and6 import MatchFinder5, MatchFinder6
from importer.recompression.engines.python.modern_match_finder import (
    FAR,
    NO_CANDIDATES,
    TABLE_SIZE,
    Match,
    MatchFinder,
    hash4,
    hash5,
    hash7,
)


class MatchFinder1(MatchFinder):
    """level1.go."""

    def _find(self, start: int, limit: int) -> int:
        emitted = at = start
        while True:
            found, following = self._first(at, emitted, limit)
            if found is None:
                return emitted
            while found is not None:
                emitted = self._emit_whole(found, emitted)
                at = max(emitted, following + 1)
                if at >= limit:
                    if at + found.length + 8 < len(self._history):
                        self._table[hash5(self._load(at))] = at + self._base
                    return emitted
                self._table[hash5(self._load(at - 2))] = at - 2 + self._base
                candidate = self._swap(hash5(self._load(at)), at)
                # One byte further back than elsewhere, as in the original.
                found = Match(at, candidate) if self._is_match(at, candidate, MAX_OFFSET) else None
            at += 1

    def _first(self, at: int, emitted: int, limit: int) -> tuple[Match | None, int]:
        """The next match, and where the search would have gone on."""
        while True:
            key = hash5(self._load(at))
            following = at + 2 + (at - emitted >> 5)
            if following > limit:
                return None, following
            candidate = self._swap(key, at)
            key = hash5(self._load(following))
            if self._is_match(at, candidate):
                self._table[key] = following + self._base
                return Match(at, candidate), following
            at, following = following, following + 1
            candidate = self._swap(key, at)
            if self._is_match(at, candidate):
                self._table[key] = following + self._base
                return Match(at, candidate), following
            at = following


class MatchFinder2(MatchFinder):
    """level2.go."""

    _bits = 17
    _table_size = 1 << _bits

    def _find(self, start: int, limit: int) -> int:
        emitted = at = start
        while True:
            found, following = self._first(at, emitted, limit)
            if found is None:
                return emitted
            while found is not None:
                emitted = self._emit_whole(found, emitted)
                at = max(emitted, following + 1)
                if at >= limit:
                    if at + found.length + 8 < len(self._history):
                        self._enter(self._load(at), at)
                    return emitted
                self._index(at - found.length + 2, at)
                candidate = self._swap(hash5(self._load(at), self._bits), at)
                # One byte further back than elsewhere, as in the original.
                found = Match(at, candidate) if self._is_match(at, candidate, MAX_OFFSET) else None
            at += 1

    def _enter(self, value: int, at: int) -> None:
        self._table[hash5(value, self._bits)] = at + self._base

    def _index(self, start: int, end: int) -> None:
        """Enter strings of the match that ended at ``end``, and the two before ``end``."""
        for at in range(start, end - 5, 7):
            value = self._load(at)
            self._enter(value, at)
            self._enter(value >> 16, at + 2)
            self._enter(value >> 32, at + 4)
        value = self._load(end - 2)
        self._enter(value, end - 2)
        self._enter(value >> 8, end - 1)

    def _first(self, at: int, emitted: int, limit: int) -> tuple[Match | None, int]:
        """The next match, and where the search would have gone on."""
        following = at
        while True:
            at = following
            following = at + 2 + (at - emitted >> 5)
            if following > limit:
                return None, following
            candidate = self._swap(hash5(self._load(at), self._bits), at)
            key = hash5(self._load(following), self._bits)
            if self._is_match(at, candidate):
                self._table[key] = following + self._base
                return Match(at, candidate), following
            at, following = following, following + 1
            candidate = self._swap(key, at)
            if self._is_match(at, candidate):
                return Match(at, candidate), following


class MatchFinder3(MatchFinder):
    """level3.go."""

    _bits = 16
    _reach = MAX_OFFSET - 4

    def __init__(self) -> None:
        super().__init__()
        self._pairs = [NO_CANDIDATES] * (1 << self._bits)

    def _push(self, at: int) -> tuple[int, int]:
        """Enter a position; return the candidates that were there."""
        key = hash5(self._load(at), self._bits)
        current, previous = self._pairs[key]
        self._pairs[key] = (at + self._base, current)
        return current - self._base, previous - self._base

    def _find(self, start: int, limit: int) -> int:
        emitted = at = start
        while True:
            found, following = self._first(at, emitted, limit)
            if found is None:
                return emitted
            while found is not None:
                emitted = self._emit_whole(found, emitted)
                at = max(emitted, following + 1)
                if at >= limit:
                    end = found.candidate + found.length
                    if 0 < end < len(self._history) - 8:
                        self._push(end)
                    return emitted
                for inside in (*range(at - found.length + 2, at - 5, 6), at - 2, at - 1):
                    self._push(inside)
                found = self._next(at)
            at += 1

    def _next(self, at: int) -> Match | None:
        """Right behind a match the first candidate that fits is taken."""
        current, previous = self._push(at)
        if at - current >= self._reach:
            return None
        if self._is_match(at, current):
            return Match(at, current)
        return Match(at, previous) if self._is_match(at, previous, self._reach - 1) else None

    def _first(self, at: int, emitted: int, limit: int) -> tuple[Match | None, int]:
        """The next match, and where the search would have gone on."""
        following = at
        while True:
            at = following
            following = at + 1 + (at - emitted >> 7)
            if following > limit:
                return None, following
            current, previous = self._push(at)
            if at - current > self._reach:
                continue
            if not self._is_match(at, current):
                if self._is_match(at, previous, self._reach - 1):
                    return Match(at, previous), following
                continue
            is_longer = self._is_match(at, previous, self._reach) and self._length(at, previous) > self._length(
                at, current
            )
            return Match(at, previous if is_longer else current), following


class MatchFinder4(MatchFinder):
    """level4.go."""

    def __init__(self) -> None:
        super().__init__()
        self._long_table = [FAR] * TABLE_SIZE

    def _enter(self, value: int, at: int) -> None:
        self._table[hash4(value)] = self._long_table[hash7(value)] = at + self._base

    def _find(self, start: int, limit: int) -> int:
        emitted = at = start
        while True:
            match, following = self._first(at, emitted, limit)
            if match is None:
                return emitted
            emitted = self._emit_whole(match, emitted)
            at = max(emitted, following + 1)
            if at >= limit:
                if at + 8 < len(self._history):
                    self._enter(self._load(at), at)
                return emitted
            for inside in range(following, at - 1, 3):
                value = self._load(inside)
                self._long_table[hash7(value)] = inside + self._base
                self._enter(value >> 8, inside + 1)
            self._enter(self._load(at - 1), at - 1)

    def _first(self, at: int, emitted: int, limit: int) -> tuple[Match | None, int]:
        """The next match, and where the search would have gone on."""
        following = at
        while True:
            at = following
            following = at + 1 + (at - emitted >> 6)
            if following > limit:
                return None, following
            value = self._load(at)
            short = self._table[hash4(value)] - self._base
            long = self._long_table[hash7(value)] - self._base
            self._enter(value, at)
            if self._is_match(at, long):
                return Match(at, long), following
            if self._is_match(at, short):
                return self._look_ahead(Match(at, short), following), following

    def _look_ahead(self, match: Match, following: int) -> Match:
        """Whether the long candidate for the next byte is better."""
        candidate = self._long_table[hash7(self._load(following))] - self._base
        if not self._is_match(following, candidate):
            return match
        length = self._length(following + 4, self._compared(following, candidate) + 4)
        return Match(following, candidate) if length > self._length(match.at + 4, match.candidate + 4) else match

    def _compared(self, at: int, candidate: int) -> int:
        """Go 1.27 compares with the bytes at the distance instead of those at the candidate."""
        return at - candidate


class KlauspostMatchFinder4(MatchFinder4):
    """level4.go of klauspost/compress 1.15.12."""

    def _compared(self, at: int, candidate: int) -> int:
        del at
        return candidate


KLAUSPOST_LEVEL: Final = 4
"""The one level at which klauspost/compress 1.15.12 searches differently."""

MATCH_FINDERS: Final[Mapping[int, Callable[[], MatchFinder]]] = {
    1: MatchFinder1,
    2: MatchFinder2,
    3: MatchFinder3,
    4: MatchFinder4,
    5: MatchFinder5,
    6: MatchFinder6,
}
"""By level."""
