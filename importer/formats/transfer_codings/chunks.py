"""Chunks as HTTP and S3 send them: a size in hexadecimal on a line of its own before each.

Sources: RFC 9112, section 7.1 (chunk extensions, trailers); Amazon S3, "Signature calculations for the Authorization
header: transferring payload in multiple chunks" (``chunk-signature`` as an extension, ``x-amz-…`` as trailers).
"""

from __future__ import annotations

import re
from typing import Final

from importer.errors import DecodeError
from importer.formats.transfer_codings.decoder import PieceCount, TransferDecoder

SIZE_LINE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(;[^\r\n]{0,1024})?\r?\n")
_LONGEST_LINE: Final = 1100


class ChunkDecoder(TransferDecoder):
    """Takes the data out of chunks; what follows the last one, of no bytes, belongs to none."""

    def __init__(self) -> None:
        self._left = 0
        self._line = b""
        self._is_behind_data = False
        self._chunks = PieceCount()
        self._is_over = False

    def feed(self, block: bytes) -> bytes:
        """Take out all data that is there."""
        made, position = [], 0
        while position < len(block) and not self._is_over:
            if self._left:
                data = block[position : position + self._left]
                made.append(data)
                self._left -= len(data)
                position += len(data)
            else:
                position = self._after_line(block, position)
        return b"".join(made)

    def _after_line(self, block: bytes, start: int) -> int:
        """Take in a line, or what is there of it; return where the next byte stands."""
        end = block.find(b"\n", start)
        end = len(block) if end < 0 else end + 1
        self._line += block[start:end]
        if len(self._line) > _LONGEST_LINE:
            raise DecodeError("no size where one should stand before a chunk")
        if self._line.endswith(b"\n"):
            self._begin(self._line)
            self._line = b""
        return end

    def _begin(self, line: bytes) -> None:
        # One line break behind a chunk's data stands before the size of the next one.
        if not line.strip() and self._is_behind_data:
            self._is_behind_data = False
            return
        size = SIZE_LINE.fullmatch(line)
        if not size:
            raise DecodeError("no size where one should stand before a chunk")
        self._left, self._is_behind_data = int(size[1], 16), True
        self._chunks.add(1, self._left)
        self._is_over = not self._left
