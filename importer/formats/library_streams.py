"""Streaming xz and bzip2 decoders on top of the standard library, which say exactly where a stream ends.

Sources: the .xz file format 1.2.1, sections 2 and 2.2 (several streams, zeros between them); bzip2's manual,
section 2.3 (concatenated files); moby, pkg/archive (docker load reads both).
"""

from __future__ import annotations

import bz2
import lzma
from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Final, Protocol

from importer.formats.streams import DecodedStream, Ending

_OUTPUT_BLOCK: Final = 64 << 10
"""Bytes of output at a time; a library that finds damage withholds less than that."""

_MOST_MEMORY: Final = 130 << 20
"""Bytes of memory that decoding may take, as for zstd: xz -9 needs 65 MiB; a hostile header asks for 4 GiB."""


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
