"""Decompressing archives and their members within bounds."""

from __future__ import annotations

import errno
import threading
from collections.abc import Generator, Iterator
from typing import BinaryIO, Final, cast

from isal import isal_zlib

from importer.formats.deflate import GzipStream
from importer.formats.library_streams import Bzip2Stream, XzStream
from importer.formats.signatures import FileKind
from importer.formats.streams import DecodedStream, Ending
from importer.formats.zstandard_frames import ZstdStream
from importer.sources.byte_streams import Opener, blocks_of_stream
from importer.sources.source_file import SourceFile
from importer.sources.spool import Spool

ARCHIVE_DECODERS: Final[dict[FileKind, type[DecodedStream]]] = {
    FileKind.GZIP: GzipStream,
    FileKind.ZSTD: ZstdStream,
    FileKind.XZ: XzStream,
    FileKind.BZIP2: Bzip2Stream,
}
"""What docker load reads (moby, pkg/archive)."""

_FLOOR: Final = 512 << 20
_RATIO: Final = 50
_OUTPUT_BLOCK: Final = 1 << 20
_FLAWS: Final = {
    Ending.TRUNCATED: "the archive's end is missing; what is there of it is used",
    Ending.TOO_LARGE: "unpacking it takes more than 130 MiB of memory; unpack it yourself and give the folder",
    Ending.CORRUPT: "the archive's compressed data is damaged; what comes before the damage is used",
}
_DeflateError: Final = cast("type[Exception]", isal_zlib.error)


class TooLargeError(OSError):
    """More would come out of an archive than any download holds."""

    def __init__(self) -> None:
        super().__init__(
            errno.EFBIG,
            f"it expands more than {_RATIO}-fold, as an attack does; "
            "if it is to be trusted, unpack it yourself and give the folder",
        )


class Allowance:
    """What may come out of all compressed archives of one source together, in bytes.

    Layers are compressed themselves, so downloads hardly shrink; nested bombs live from shrinking
    a thousandfold, and from many of them. Hence one allowance for all: 512 MiB, and 50 bytes for
    each byte that an archive has on disk.
    """

    def __init__(self) -> None:
        self._left = _FLOOR
        self._lock = threading.Lock()

    def grow(self, archive_size: int) -> None:
        """An archive of so many bytes on disk takes part."""
        with self._lock:
            self._left += _RATIO * archive_size

    def spend(self, size: int) -> None:
        """So many bytes are to come out; raises TooLargeError when they may not."""
        with self._lock:
            if size > self._left:
                raise TooLargeError
            self._left -= size

    def give_back(self, size: int) -> None:
        """So many bytes came out only to be measured."""
        with self._lock:
            self._left += size


class DeflateStream(DecodedStream):
    """A bare deflate stream, as zip members have it (RFC 1951)."""

    def __init__(self) -> None:
        super().__init__()
        self._inflate = isal_zlib.decompressobj(-15)

    def feed(self, block: bytes) -> Iterator[bytes]:
        """Take the next compressed bytes, give the decompressed ones, at most 1 MiB at a time."""
        while self.ending is None:
            try:
                output = self._inflate.decompress(block, _OUTPUT_BLOCK)
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


class StoredStream(DecodedStream):
    """Bytes that are kept as they are."""

    def feed(self, block: bytes) -> Iterator[bytes]:
        """Give the bytes back."""
        self.consumed += len(block)
        yield block

    def close(self) -> Ending:
        """They end where they end."""
        self.ending = Ending.COMPLETE
        return self.ending


def decoded(stream: BinaryIO, decoder: DecodedStream) -> Generator[bytes, None, None]:
    """Yield what a decoder makes of a stream, as far as it is good; closes the stream."""
    with stream:
        for block in blocks_of_stream(stream):
            yield from decoder.feed(block)
            if decoder.ending is not None:
                return


class Unpacking:
    """A compressed file on its way into a spool, as far as it was asked for.

    Attributes:
        flaw: why less than everything came out; empty while nothing is wrong.
    """

    def __init__(self, file: SourceFile, decoder: DecodedStream, allowance: Allowance) -> None:
        self._decoder = decoder
        self._pieces = decoded(file.open(), decoder)
        self._allowance = allowance
        self._spool = Spool()
        self._is_over = False
        self.flaw = ""

    @property
    def size(self) -> int:
        """Bytes that came out so far."""
        return self._spool.size

    @property
    def open(self) -> Opener:
        """Opens what came out so far."""
        return self._spool.open

    def go_on(self, size: int | None = None) -> None:
        """Go on until ``size`` bytes came out, or all."""
        while not self._is_over and (size is None or self._spool.size < size):
            try:
                self._take()
            except OSError as error:
                self._end(error.strerror or str(error))

    def stop(self) -> None:
        """No more of it is needed."""
        self._pieces.close()

    def _take(self) -> None:
        piece = next(self._pieces, b"")
        if piece:
            self._allowance.spend(len(piece))
            self._spool.append(piece)
            return
        ending = self._decoder.close()
        self._end(_FLAWS.get(ending, ""))

    def _end(self, flaw: str) -> None:
        self.flaw = flaw
        self._is_over = True
        self.stop()
