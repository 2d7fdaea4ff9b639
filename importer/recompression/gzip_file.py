"""The gzip file around a deflate stream: its header as a value, and the whole as a stream.

Here a header is a value that is written again, byte for byte. ``importer.formats.deflate`` reads files that
may be damaged, and needs no more than where a header ends.

Source: RFC 1952, section 2.3.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Final

from importer.recompression.compressor import Compressor
from importer.recompression.engines.encoders import Encoder
from importer.recompression.engines.registry import encoder_of

_MAGIC: Final = b"\x1f\x8b\x08"
_FIXED: Final = struct.Struct("<3sBIBB")
_FLAG_CRC: Final = 2
_FLAG_EXTRA: Final = 4
_FLAG_NAME: Final = 8
_FLAG_COMMENT: Final = 16
_KNOWN_FLAGS: Final = 31

TRAILER_SIZE: Final = 8
"""CRC-32 and size, in bytes."""

LONGEST_HEADER: Final = 65536 + 1024
"""As many bytes as :meth:`GzipHeader.parse` needs at most: an extra field and two short strings."""


@dataclass(frozen=True, slots=True)
class GzipHeader:
    """The fields before the compressed data.

    >>> GzipHeader().to_bytes().hex()
    '1f8b08000000000000ff'
    """

    mtime: int = 0
    """Seconds since 1970; 0: none."""
    xfl: int = 0
    """2: compressed best; 4: compressed fastest."""
    os: int = 255
    """0: FAT; 3: Unix; 255: unknown."""
    name: bytes | None = None
    other: bytes = b""
    """Flags and fields of a header with more than a name, as they are in the file."""

    @property
    def length(self) -> int:
        """In bytes."""
        return len(self.to_bytes())

    def to_bytes(self) -> bytes:
        """The bytes in the file."""
        flags, fields = 0, b""
        if self.other:
            flags, fields = self.other[0], self.other[1:]
        elif self.name is not None:
            flags, fields = _FLAG_NAME, self.name + b"\0"
        return _FIXED.pack(_MAGIC, flags, self.mtime, self.xfl, self.os) + fields

    @classmethod
    def parse(cls, data: bytes) -> GzipHeader:
        """Read the header at the start of a file.

        Raises ValueError when there is none or it is incomplete.
        """
        if len(data) < _FIXED.size:
            raise ValueError("too short for a gzip header")
        magic, flags, mtime, xfl, os = _FIXED.unpack_from(data)
        if magic != _MAGIC or flags & ~_KNOWN_FLAGS:
            raise ValueError("not a gzip header")
        fields = data[_FIXED.size : _end_of_fields(data, flags)]
        if flags == _FLAG_NAME:
            return cls(mtime, xfl, os, name=fields[:-1])
        return cls(mtime, xfl, os, other=bytes([flags]) + fields if flags else b"")


def _end_of_fields(data: bytes, flags: int) -> int:
    """The offset at which the optional fields end; raises ValueError when they are incomplete."""
    at = _FIXED.size
    if flags & _FLAG_EXTRA:
        at += 2 + int.from_bytes(data[at : at + 2], "little")
    for flag in (_FLAG_NAME, _FLAG_COMMENT):
        if flags & flag:
            at = data.index(b"\0", at) + 1
    at += 2 if flags & _FLAG_CRC else 0
    if at > len(data):
        raise ValueError("the gzip header is not complete")
    return at


def trailer(crc: int, size: int) -> bytes:
    """The end of a gzip member: CRC-32 and size in bytes of the raw data."""
    return struct.pack("<II", crc, size & 0xFFFFFFFF)


class GzipEncoder:
    """Raw bytes in, a gzip file out."""

    def __init__(self, header: GzipHeader, body: Encoder) -> None:
        self._start = header.to_bytes()
        self._body = body
        self._crc = 0
        self._size = 0

    def write(self, data: bytes | memoryview) -> bytes:
        """Take raw bytes; return the bytes of the file ready so far."""
        self._crc = zlib.crc32(data, self._crc)
        self._size += len(data)
        return self._take_start() + self._body.write(data)

    def finish(self) -> bytes:
        """End the file; return the rest of it."""
        return self._take_start() + self._body.finish() + trailer(self._crc, self._size)

    def _take_start(self) -> bytes:
        start, self._start = self._start, b""
        return start


def gzip_encoder_of(compressor: Compressor, header: GzipHeader) -> GzipEncoder:
    """A new encoder for the gzip file that a compressor makes with a header."""
    return GzipEncoder(header, encoder_of(compressor))
