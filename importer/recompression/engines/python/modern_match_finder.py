"""Go's compress/flate from 1.27 on and klauspost/compress in Python: what the searches of all levels share.

The same as ``modern_state.h``, and like it after compress/flate of Go 1.27.3 (deflatefast.go);
copyright of the originals: see ../NOTICE.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Final

from importer.recompression.engines.python.huffman import MATCH, MAX_MATCH, MAX_OFFSET, MAX_STORED
from importer.recompression.engines.python.match_length import equal_bytes

TABLE_BITS: Final = 15
TABLE_SIZE: Final = 1 << TABLE_BITS
_HISTORY: Final = MAX_STORED * 5
_INPUT_MARGIN: Final = 11
_SHORTEST: Final = 2 + _INPUT_MARGIN
FAR: Final = -2 * MAX_OFFSET
NO_CANDIDATES: Final = (FAR, FAR)
_LOW32: Final = 0xFFFFFFFF
_LOW64: Final = 0xFFFFFFFFFFFFFFFF


def hash4(value: int) -> int:
    """Of the lowest four bytes."""
    return ((value & _LOW32) * 2654435761 & _LOW32) >> 32 - TABLE_BITS


def hash5(value: int, bits: int = TABLE_BITS) -> int:
    """Of the lowest five bytes."""
    return ((value << 24) * 889523592379 & _LOW64) >> 64 - bits


def hash7(value: int) -> int:
    """Of the lowest seven bytes."""
    return ((value << 8) * 58295818150454627 & _LOW64) >> 64 - TABLE_BITS


@dataclass(slots=True)
class Match:
    """Where a match starts, and what it points to."""

    at: int
    candidate: int
    length: int = 0
    """0: at least 4, not measured yet."""


class MatchFinder(ABC):
    """The history that matches point back to, and the tables to find them by."""

    _table_size = TABLE_SIZE

    def __init__(self) -> None:
        self._history = bytearray()
        # Where the history starts in the stream; the tables hold positions in the stream.
        self._base = 0
        self._table = [FAR] * self._table_size
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

    @abstractmethod
    def _find(self, start: int, limit: int) -> int:
        """Add the tokens up to the last match; return its end."""

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

    def _emit(self, match: Match, emitted: int) -> int:
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

    def _emit_whole(self, match: Match, emitted: int) -> int:
        """The same with a match that was not measured yet."""
        match.length = 4 + self._length(match.at + 4, match.candidate + 4)
        return self._emit(match, emitted)

    def _swap(self, key: int, at: int) -> int:
        """Enter a position; return the candidate it replaces."""
        candidate = self._table[key] - self._base
        self._table[key] = at + self._base
        return candidate
