"""Streaming xz, bzip2 and bare deflate decoders on top of libraries, which say exactly where a stream ends.

Sources: the .xz file format 1.2.1, sections 2 and 2.2 (several streams, zeros between them); bzip2's manual,
section 2.3 (concatenated files); moby, pkg/archive (docker load reads both).
"""

from __future__ import annotations

import bz2
import lzma
from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Final, Protocol, cast

from isal import isal_zlib

from importer.formats.streams import DecodedStream, Ending

_OUTPUT_BLOCK: Final = 64 << 10
"""Bytes of output at a time; a library that finds damage withholds less than that."""

_MOST_MEMORY: Final = 130 << 20
"""Bytes of memory that decoding may take, as for zstd: xz -9 needs 65 MiB; a hostile header asks for 4 GiB."""


_DEFLATE_BLOCK: Final = 1 << 20
_DeflateError: Final = cast("type[Exception]", isal_zlib.error)


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


class _LibraryStream(DecodedStream):
    """Decodes one or more streams fed to it block by block; on damage ``consumed`` counts whole blocks."""

    magic: ClassVar[bytes]
    padding: ClassVar[bytes] = b""

    def __init__(self) -> None:
        super().__init__()
        self._pending = b""
        self._decoder: _Decoder | None = None

    @staticmethod
    @abstractmethod
    def new_decoder() -> _Decoder:
        """A decoder of one stream."""

    def feed(self, block: bytes) -> Iterator[bytes]:
        """Take the next compressed bytes; yield the decompressed ones, at most 64 KiB at a time."""
        self._pending += block
        while self.ending is None:
            if self._decoder is None:
                self._decoder = self._next_stream()
            if self._decoder is None or not self._pending:
                return
            yield from self._decoded(self._decoder)

    def close(self) -> Ending:
        """Take the end of the input; return how the stream ended."""
        if self.ending is None:
            is_between = self._decoder is None and self.members > 0
            rest = Ending.TRAILING_DATA if self._pending else Ending.COMPLETE
            self.ending = rest if is_between else Ending.TRUNCATED
        return self.ending

    def _next_stream(self) -> _Decoder | None:
        """A decoder for the stream that begins here; None where more bytes are needed, or no stream begins."""
        if self.members and self.padding:
            padding = len(self._pending) - len(self._pending.lstrip(self.padding))
            self._pending = self._pending[padding:]
            self.consumed += padding
        start = self._pending[: len(self.magic)]
        if start == self.magic:
            return self.new_decoder()
        if not self.magic.startswith(start):
            self.ending = Ending.TRAILING_DATA if self.members else Ending.CORRUPT
            self.broken_at = self.consumed
        return None

    def _decoded(self, decoder: _Decoder) -> Iterator[bytes]:
        data, self._pending = self._pending, b""
        size = len(data)
        while not decoder.eof:
            try:
                output = decoder.decompress(data, _OUTPUT_BLOCK)
            except (lzma.LZMAError, OSError, ValueError) as error:
                self.ending = Ending.TOO_LARGE if "limit" in str(error) else Ending.CORRUPT
                return
            data = b""
            if output:
                yield output
            elif not decoder.eof:
                self.consumed += size
                return
        self._pending, self._decoder = decoder.unused_data, None
        self.consumed += size - len(self._pending)
        self.members += 1


class XzStream(_LibraryStream):
    """Decompresses xz."""

    magic = b"\xfd7zXZ\x00"
    padding = b"\0"

    @staticmethod
    def new_decoder() -> _Decoder:
        """A decoder of one stream, with a memory limit."""
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MOST_MEMORY)


class Bzip2Stream(_LibraryStream):
    """Decompresses bzip2."""

    magic = b"BZh"

    @staticmethod
    def new_decoder() -> _Decoder:
        """A decoder of one stream; no level takes more than 4 MiB."""
        return bz2.BZ2Decompressor()


class DeflateStream(DecodedStream):
    """A bare deflate stream, as zip members have it (RFC 1951)."""

    def __init__(self) -> None:
        super().__init__()
        self._inflate = isal_zlib.decompressobj(-15)

    def feed(self, block: bytes) -> Iterator[bytes]:
        """Take the next compressed bytes, give the decompressed ones, at most 1 MiB at a time."""
        while self.ending is None:
            try:
                output = self._inflate.decompress(block, _DEFLATE_BLOCK)
            except _DeflateError:
                self.ending = Ending.CORRUPT
                return
            rest = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            self.consumed += len(block) - len(rest)
            if self._inflate.eof:
                self.ending = Ending.TRAILING_DATA if rest else Ending.COMPLETE
            if output:
                yield output
            if not output and not rest:
                return
            block = rest

    def close(self) -> Ending:
        """Say how the stream ended; no more bytes come."""
        self.ending = self.ending or Ending.TRUNCATED
        return self.ending
