"""Streaming zstd decoder that says exactly where and how a file ends.

The library's stream reader accepts a truncated frame as complete. The frames' block structure is
therefore parsed here, and the library is given one block at a time, which limits its output to
128 KiB and shows to the byte whether a frame is complete.

Source: RFC 8878 (Zstandard compression), section 3.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import zstandard

from importer.formats.streams import DecodedStream, Ending

_FRAME_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_SKIPPABLE_TAIL: Final = b"\x2a\x4d\x18"
_CHECKSUM_FLAG, _SINGLE_SEGMENT_FLAG = 0x04, 0x20
_DICTIONARY_ID_SIZES: Final = (0, 1, 2, 4)
_CONTENT_SIZE_SIZES: Final = (0, 2, 4, 8)
_RLE_BLOCK, _RESERVED_BLOCK = 1, 3
_BLOCK_HEADER: Final = 3
_MAGIC_SIZE: Final = 4
_MAX_WINDOW: Final = 1 << 27


class ZstdStream(DecodedStream):
    """Decompresses zstd frames, skippable ones included, fed to it block by block."""

    def __init__(self) -> None:
        super().__init__()
        self._pending = bytearray()
        self._decoder: zstandard.ZstdDecompressionObj | None = None
        self._has_checksum = False
        self._after_last_block = False
        self._to_skip = 0

    def feed(self, block: bytes) -> Iterator[bytes]:
        """Take the next compressed bytes; yield the decompressed ones, at most 128 KiB at a time."""
        self._pending += block
        while self._pending and self.ending is None:
            taken = self._next_piece()
            if not taken:
                return
            piece = bytes(self._pending[:taken])
            del self._pending[:taken]
            yield from self._decode(piece)

    def close(self) -> Ending:
        """Take the end of the input; return how the stream ended."""
        if self.ending is None:
            between_frames = self._decoder is None and not self._to_skip
            if between_frames and self.members and not self._pending:
                self.ending = Ending.COMPLETE
            elif between_frames and self.members and not _could_be_frame(self._pending):
                self.ending = Ending.TRAILING_DATA
            else:
                self.ending = Ending.TRUNCATED
        return self.ending

    def _next_piece(self) -> int:
        """How many pending bytes to hand on next; 0 when more have to come first."""
        if self._to_skip:
            return min(self._to_skip, len(self._pending))
        if self._decoder is None:
            return self._frame_header()
        size = 4 if self._after_last_block else self._block()
        return size if 0 < size <= len(self._pending) else 0

    def _frame_header(self) -> int:
        if len(self._pending) >= 4 and not _could_be_frame(self._pending):
            self._break(Ending.TRAILING_DATA if self.members else Ending.CORRUPT, _MAGIC_SIZE)
            return 0
        if len(self._pending) < 8:
            return 0
        if not self._pending.startswith(_FRAME_MAGIC):
            self._to_skip = 8 + int.from_bytes(self._pending[4:8], "little")
            return min(self._to_skip, len(self._pending))
        size = _frame_header_size(self._pending[4])
        if len(self._pending) < size:
            return 0
        self._has_checksum = bool(self._pending[4] & _CHECKSUM_FLAG)
        self._decoder = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW).decompressobj()
        return size

    def _block(self) -> int:
        if len(self._pending) < _BLOCK_HEADER:
            return 0
        header = int.from_bytes(self._pending[:_BLOCK_HEADER], "little")
        kind, size = header >> 1 & 3, header >> 3
        if kind == _RESERVED_BLOCK:
            self._break(Ending.CORRUPT, _BLOCK_HEADER)
            return 0
        size = _BLOCK_HEADER + (1 if kind == _RLE_BLOCK else size)
        if header & 1 and len(self._pending) >= size:
            self._after_last_block = True
        return size

    def _decode(self, piece: bytes) -> Iterator[bytes]:
        if self._decoder is None:
            self._to_skip -= len(piece)
            self.consumed += len(piece)
            self.members += not self._to_skip
            return
        was_last = self._after_last_block
        try:
            output = self._decoder.decompress(piece)
        except zstandard.ZstdError:
            # No decoder can judge a block or a checksum before its last byte.
            self._break(Ending.CORRUPT, len(piece))
            return
        self.consumed += len(piece)
        if output:
            yield output
        if was_last and self._decoder.eof:
            self._decoder, self._after_last_block = None, False
            self.members += 1

    def _break(self, ending: Ending, size: int) -> None:
        """The stream ends at a header or a block of this size, which can't be judged before its last byte."""
        self.ending, self.broken_at = ending, self.consumed + size - 1


def _could_be_frame(data: bytes | bytearray) -> bool:
    start = bytes(data[:4])
    if _FRAME_MAGIC.startswith(start):
        return True
    return start[0] & 0xF0 == 0x50 and _SKIPPABLE_TAIL.startswith(start[1:4])


def _frame_header_size(descriptor: int) -> int:
    single_segment = bool(descriptor & _SINGLE_SEGMENT_FLAG)
    content_size = _CONTENT_SIZE_SIZES[descriptor >> 6]
    if single_segment and not content_size:
        content_size = 1
    return len(_FRAME_MAGIC) + 1 + (not single_segment) + _DICTIONARY_ID_SIZES[descriptor & 3] + content_size
