"""Go's compress/flate from 1.27 on and klauspost/compress in Python: the stream at levels 1 to 6.

The same as ``modern_stream.h``, and like it after compress/flate of Go 1.27.3 (deflate.go); copyright of the originals:
see ../NOTICE.
"""

from __future__ import annotations

from collections.abc import Callable

from importer.recompression.engines.python.huffman import MAX_OFFSET, MAX_STORED
from importer.recompression.engines.python.modern_blocks import ModernBlocks
from importer.recompression.engines.python.modern_levels1to4 import (
    KLAUSPOST_LEVEL,
    MATCH_FINDERS,
    KlauspostMatchFinder4,
)
from importer.recompression.engines.python.modern_match_finder import MatchFinder


class ModernLevels1To6:
    """The stream at levels 1 to 6: Go's deflateFast."""

    def __init__(self, level: int, full_tables: bool = False) -> None:
        if level not in MATCH_FINDERS:
            raise ValueError(f"no level {level}")
        self._new_finder: Callable[[], MatchFinder] = MATCH_FINDERS[level]
        if full_tables and level == KLAUSPOST_LEVEL:
            self._new_finder = KlauspostMatchFinder4
        self._finder = self._new_finder()
        self._blocks = ModernBlocks(full_tables=full_tables)
        self._data = bytearray()

    def write(self, data: bytes | memoryview) -> bytes:
        """Take raw bytes; return the compressed bytes ready so far."""
        rest = memoryview(data).cast("B") if data else memoryview(b"")
        while rest:
            if len(self._data) == MAX_STORED:
                self._block()
            room = MAX_STORED - len(self._data)
            self._data += rest[:room]
            rest = rest[room:]
        return self._blocks.sink.take()

    def reset(self, dictionary: bytes | memoryview) -> None:
        """Forget all that came before but the dictionary, and start over: Go's ResetDict."""
        self._blocks.forget_codes()
        self._data.clear()
        self._finder = self._new_finder()
        self._finder.encode(bytes(dictionary)[-MAX_OFFSET:])

    def flush(self) -> bytes:
        """Compress all that was taken in and end at a byte boundary."""
        self._blocks.syncing = True
        self._block()
        self._blocks.stored(b"")
        self._blocks.syncing = False
        return self._blocks.sink.take()

    def finish(self) -> bytes:
        """End the stream; return the rest of it."""
        self._blocks.syncing = True
        self._block()
        self._blocks.last()
        return self._blocks.sink.take()

    def _block(self) -> None:
        data = bytes(self._data)
        self._data.clear()
        if len(data) < 128:
            self._small_block(data)
            return
        tokens = self._finder.encode(data)
        if not tokens:
            self._blocks.stored(data)
        elif len(tokens) > len(data) - (len(data) >> 4):
            self._blocks.literals_only(data, ending=self._blocks.syncing)
        else:
            self._blocks.dynamic(tokens, data)

    def _small_block(self, data: bytes) -> None:
        if not data:
            return
        if len(data) <= 32:
            self._blocks.stored(data)
        else:
            self._blocks.literals_only(data, ending=True)
        self._finder = self._new_finder()
