"""Go's compress/flate up to 1.26 in Python: level 1.

The same as ``classic_level1.h``, and like it after compress/flate of Go 1.19.8 (deflatefast.go,
deflate.go); copyright of the originals: see ../NOTICE.
"""

from __future__ import annotations

from typing import Final

from importer.recompression.engines.python.classic_blocks import ClassicBlocks
from importer.recompression.engines.python.huffman import MATCH, MAX_MATCH, MAX_OFFSET, MAX_STORED
from importer.recompression.engines.python.match_length import equal_bytes

_TABLE_SIZE: Final = 1 << 14
_HASH_FACTOR: Final = 0x1E35A7BD
_INPUT_MARGIN: Final = 15
_FAR: Final = -MAX_OFFSET - 1


class ClassicLevel1:
    """Level 1: blocks of 65535 bytes, with matches into the block before."""

    def __init__(self) -> None:
        self._blocks = ClassicBlocks()
        # The previous block, if any, and the one being filled.
        self._data = bytearray()
        self._start = 0
        # By hash: the four bytes there, and where in the stream.
        self._values = [0] * _TABLE_SIZE
        self._positions = [_FAR] * _TABLE_SIZE
        self._base = 0

    def write(self, data: bytes | memoryview) -> bytes:
        """Take raw bytes; return the compressed bytes ready so far."""
        rest = memoryview(data).cast("B") if data else memoryview(b"")
        while rest:
            if len(self._data) - self._start == MAX_STORED:
                self._block()
            room = MAX_STORED - (len(self._data) - self._start)
            self._data += rest[:room]
            rest = rest[room:]
        return self._blocks.sink.take()

    def finish(self) -> bytes:
        """End the stream; return the rest of it."""
        self._block()
        self._blocks.stored(b"", last=True)
        return self._blocks.sink.take()

    def _block(self) -> None:
        """Go's encSpeed."""
        data = bytes(self._data[self._start :])
        if len(data) <= 16:
            if data:
                self._blocks.stored(data)
            return
        if len(data) < 128:
            self._blocks.literals_only(data)
            return
        tokens = self._encode()
        if len(tokens) > len(data) - (len(data) >> 4):
            self._blocks.literals_only(data)
        else:
            self._blocks.dynamic(tokens, data)
        del self._data[: self._start]
        self._base += self._start
        self._start = len(self._data)

    def _value(self, at: int) -> int:
        return int.from_bytes(self._data[at : at + 4], "little")

    def _swap(self, value: int, at: int) -> int:
        """Enter the four bytes at ``at``; return how far back they are to be found, or 0."""
        key = (value * _HASH_FACTOR & 0xFFFFFFFF) >> 18
        offset = at + self._base - self._positions[key]
        is_match = offset <= MAX_OFFSET and self._values[key] == value
        self._values[key] = value
        self._positions[key] = at + self._base
        return offset if is_match else 0

    def _encode(self) -> list[int]:
        """Go's deflateFast.encode."""
        data, end = self._data, len(self._data)
        limit = end - _INPUT_MARGIN
        tokens: list[int] = []
        emitted = at = self._start
        while True:
            offset, skip, following = 0, 32, at
            while not offset:
                at = following
                following = at + (skip >> 5)
                skip += skip >> 5
                if following > limit:
                    tokens += data[emitted:]
                    return tokens
                offset = self._swap(self._value(at), at)
            tokens += data[emitted:at]
            while offset:
                length = 4 + equal_bytes(data, at + 4, at + 4 - offset, min(MAX_MATCH - 4, end - at - 4))
                tokens.append(MATCH | length - 3 << 16 | offset - 1)
                at += length
                emitted = at
                if at >= limit:
                    tokens += data[emitted:]
                    return tokens
                self._swap(self._value(at - 1), at - 1)
                offset = self._swap(self._value(at), at)
            at += 1
