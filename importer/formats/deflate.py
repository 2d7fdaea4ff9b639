"""Streaming gzip decoder that gives out every good byte and says exactly where and how a file ends.

Header and trailer are parsed here and only the deflate stream is left to the library: the
libraries' own gzip readers withhold their last block on damage and hide what follows the stream.

Source: RFC 1952 (gzip file format version 4.3).
"""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Final, cast

from isal import isal_zlib

from importer.formats.streams import DecodedStream, Ending

TRAILER_SIZE: Final = 8
"""Bytes after the deflate stream: CRC-32 and size of the content modulo 2**32."""

_MAGIC: Final = b"\x1f\x8b"
_FIXED_HEADER: Final = 10
_FHCRC, _FEXTRA, _FNAME, _FCOMMENT = 2, 4, 8, 16
_RESERVED_FLAGS: Final = 0xE0
_MAX_HEADER: Final = 1 << 16
_OUTPUT_BLOCK: Final = 1 << 20
_DeflateError: Final = cast("type[Exception]", isal_zlib.error)


class GzipStream(DecodedStream):
    """Decompresses one or more gzip members fed to it block by block.

    Attributes:
        consumed: compressed bytes of whole members, plus those of a broken one, in blocks, up to the break.
        deflate_start: offset at which the last member's deflate stream begins.
        missing_trailer: the bytes that are missing from a member that was cut within its trailer.
        right_trailer: the trailer that belongs to the content of a whole member, where another one stands.
    """

    def __init__(self) -> None:
        super().__init__()
        self._pending = b""
        self._inflate: isal_zlib.Decompress | None = None
        self._in_trailer = False
        self._crc = 0
        self._member_size = 0
        self.missing_trailer = b""
        self.right_trailer = b""
        self.deflate_start = 0

    def feed(self, block: bytes) -> Iterator[bytes]:
        """Take the next compressed bytes; yield the decompressed ones, at most 1 MiB at a time."""
        self._pending += block
        while self._pending and self.ending is None:
            before = len(self._pending), self._inflate, self._in_trailer
            yield from self._step()
            if before == (len(self._pending), self._inflate, self._in_trailer):
                return

    def close(self) -> Ending:
        """Take the end of the input; return how the stream ended."""
        if self.ending is None:
            self.ending = self._end_in_trailer() if self._in_trailer else self._end_outside_trailer()
        return self.ending

    def _end_outside_trailer(self) -> Ending:
        if self._inflate is not None or not self.members:
            return Ending.TRUNCATED
        return Ending.TRAILING_DATA if self._pending else Ending.COMPLETE

    def _end_in_trailer(self) -> Ending:
        have = len(self._pending)
        self.consumed += have
        if not self._trailer().startswith(self._pending):
            return Ending.CORRUPT
        self.missing_trailer = self._trailer()[have:]
        return Ending.TRAILER_CUT

    def _step(self) -> Iterator[bytes]:
        if self._in_trailer:
            self._read_trailer()
        elif self._inflate is None:
            self._read_header()
        else:
            yield from self._inflate_pending(self._inflate)

    def _read_header(self) -> None:
        if self.members and not _MAGIC.startswith(self._pending[:2]):
            self._break(Ending.TRAILING_DATA, _first_difference(self._pending, _MAGIC))
            return
        size = _header_size(self._pending)
        if size < 0 or size > _MAX_HEADER:
            self._break(Ending.TRAILING_DATA if self.members else Ending.CORRUPT, _bad_byte_of_header(self._pending))
        elif size and len(self._pending) >= size:
            self._consume(size)
            self.deflate_start = self.consumed
            self._inflate = isal_zlib.decompressobj(-15)
            self._crc = self._member_size = 0

    def _inflate_pending(self, inflate: isal_zlib.Decompress) -> Iterator[bytes]:
        data, self._pending = self._pending, b""
        while data and not inflate.eof:
            try:
                output = inflate.decompress(data, _OUTPUT_BLOCK)
            except _DeflateError:
                self.ending = Ending.CORRUPT
                return
            rest = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
            self.consumed += len(data) - len(rest)
            data = rest
            if output:
                self._count(output)
                yield output
        yield from self._drain(inflate)
        if inflate.eof:
            self._pending, self._inflate, self._in_trailer = data, None, True

    def _drain(self, inflate: isal_zlib.Decompress) -> Iterator[bytes]:
        # A full output buffer may leave content inside the library after its last input byte.
        while not inflate.eof and (output := inflate.decompress(b"", _OUTPUT_BLOCK)):
            self._count(output)
            yield output

    def _count(self, output: bytes) -> None:
        self._crc = isal_zlib.crc32(output, self._crc)
        self._member_size += len(output)

    def _trailer(self) -> bytes:
        return struct.pack("<II", self._crc, self._member_size & 0xFFFFFFFF)

    def _read_trailer(self) -> None:
        if len(self._pending) < TRAILER_SIZE:
            return
        if self._pending[:TRAILER_SIZE] != self._trailer():
            self._break(Ending.CORRUPT, _first_difference(self._pending, self._trailer()))
            self.right_trailer = self._trailer()
            return
        self._consume(TRAILER_SIZE)
        self._in_trailer = False
        self.members += 1

    def _break(self, ending: Ending, pending: int) -> None:
        """End the stream as damaged, at the byte that follows ``pending`` good ones of the pending bytes."""
        self.ending, self.broken_at = ending, self.consumed + pending

    def _consume(self, size: int) -> None:
        self._pending = self._pending[size:]
        self.consumed += size


def first_bad_byte(blocks: Iterable[bytes]) -> int | None:
    """The offset in a raw deflate stream of the first byte at which a decoder notices damage; None if it never does.

    It uses the standard library's decoder, whose state can be copied, so that nothing before the failing block is
    decoded twice.
    """
    inflate, offset = zlib.decompressobj(-zlib.MAX_WBITS), 0
    for block in blocks:
        before = inflate.copy()
        if not _accepts(inflate, block):
            return offset + bisect_left(
                range(len(block)), True, key=lambda n: not _accepts(before.copy(), block[: n + 1])
            )
        if inflate.eof:
            return None
        offset += len(block)
    return None


def _accepts(inflate: zlib._Decompress, data: bytes) -> bool:
    try:
        while data and not inflate.eof:
            inflate.decompress(data, _OUTPUT_BLOCK)
            data = inflate.unconsumed_tail
    except zlib.error:
        return False
    return True


def _first_difference(data: bytes, wanted: bytes) -> int:
    """The offset of the first byte that differs; the shorter length where none does."""
    for offset, (have, want) in enumerate(zip(data, wanted, strict=False)):
        if have != want:
            return offset
    return min(len(data), len(wanted))


def _bad_byte_of_header(data: bytes) -> int:
    """The offset of the first byte that no header has: in the magic number, else the method, else the flags."""
    if not data.startswith(_MAGIC):
        return _first_difference(data, _MAGIC)
    return 2 if data[2:3] != b"\x08" else 3


def _header_size(data: bytes) -> int:
    """Bytes of the member's header; 0 when more bytes are needed to know, -1 when it isn't one."""
    if len(data) < _FIXED_HEADER:
        return 0 if _MAGIC.startswith(data[:2]) else -1
    if not data.startswith(_MAGIC) or data[2] != 8 or data[3] & _RESERVED_FLAGS:
        return -1
    flags, position = data[3], _FIXED_HEADER
    if flags & _FEXTRA:
        if len(data) < position + 2:
            return 0
        position += 2 + int.from_bytes(data[position : position + 2], "little")
    for flag in (_FNAME, _FCOMMENT):
        if flags & flag:
            end = data.find(b"\0", position)
            if end < 0:
                return -1 if len(data) > _MAX_HEADER else 0
            position = end + 1
    return position + (2 if flags & _FHCRC else 0)
