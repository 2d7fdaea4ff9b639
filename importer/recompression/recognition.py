"""Tells which compressors write exactly the bytes of a gzip file, by writing it again."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import BinaryIO, Final

from importer.errors import DecodeError
from importer.recompression.callbacks import Opener, Progress
from importer.recompression.catalogue import KnownCompressor, known_compressors
from importer.recompression.engines.registry import encoder_of
from importer.recompression.gzip_file import LONGEST_HEADER, TRAILER_SIZE, GzipHeader, trailer

_READ: Final = 1 << 16
_FIRST_CHUNK: Final = 1 << 16
_CHUNK: Final = 1 << 18
_THREADS: Final = 2
_AT_ONCE: Final = 4
"""So many compressors take up to 12 MB."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """Which compressors may have written a gzip file."""

    header: GzipHeader
    compressors: tuple[KnownCompressor, ...]
    """Those that write exactly these bytes, the likeliest first: several for small files, or none."""
    is_single: bool = True
    """Whether the file is one gzip member and nothing else; nothing here writes any other kind."""

    @property
    def is_known_header(self) -> bool:
        """Whether the likeliest compressor is known to write this header."""
        return bool(self.compressors) and self.header in self.compressors[0].headers


class _Comparison:
    """One compressor, and the file to compare it with."""

    def __init__(self, known: KnownCompressor, open_file: Opener, start: int) -> None:
        self.known = known
        self._encoder = encoder_of(known.compressor)
        self._stream = open_file()
        _read_all(self._stream, start)
        self.is_equal = True

    def take(self, chunk: bytes) -> None:
        self._compare(self._encoder.write(chunk))

    def finish(self, ending: bytes) -> None:
        self._compare(self._encoder.finish() + ending)
        self.is_equal = self.is_equal and not self._stream.read(1)

    def close(self) -> None:
        self._stream.close()

    def _compare(self, data: bytes) -> None:
        self.is_equal = _read_all(self._stream, len(data)) == data


def _read_all(stream: BinaryIO, size: int) -> bytes:
    """Up to ``size`` bytes, fewer only at the end of the file."""
    parts = []
    while size and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


class _Raw:
    """The file's content, decompressed and verified."""

    def __init__(self, stream: BinaryIO, start: int) -> None:
        self._stream = stream
        _read_all(self._stream, start)
        self._decoder = zlib.decompressobj(-zlib.MAX_WBITS)
        self._crc = 0
        self._size = 0
        self.ending = b""

    def chunks(self) -> Iterator[bytes]:
        """The raw bytes; a small chunk first, after which most compressors are out already."""
        largest = _FIRST_CHUNK
        while not self._decoder.eof:
            data = self._decoder.unconsumed_tail or self._stream.read(_READ)
            chunk = self._decompress(data, largest)
            if not data and not chunk and not self._decoder.eof:
                raise DecodeError("the gzip file ends too early")
            self._crc = zlib.crc32(chunk, self._crc)
            self._size += len(chunk)
            largest = _CHUNK
            if chunk:
                yield chunk
        self._verify()

    def has_more(self) -> bool:
        """Whether anything follows the first member."""
        return len(self._decoder.unused_data) > TRAILER_SIZE or bool(self._stream.read(1))

    def _decompress(self, data: bytes, largest: int) -> bytes:
        try:
            return self._decoder.decompress(data, largest)
        except zlib.error as error:
            raise DecodeError(f"the gzip file is damaged: {error}") from error

    def _verify(self) -> None:
        found = self._decoder.unused_data
        found += self._stream.read(max(0, TRAILER_SIZE - len(found)))
        self.ending = trailer(self._crc, self._size)
        if found[:TRAILER_SIZE] != self.ending:
            raise DecodeError("the gzip file is damaged: its checksum does not fit its content")


class _Comparisons:
    """Several compressors against one file."""

    def __init__(self, open_file: Opener, start: int, most: int | None, compressors: Sequence[KnownCompressor]) -> None:
        self._open_file = open_file
        self._start = start
        self._most = most
        self._equal = [_Comparison(known, open_file, start) for known in compressors]
        self.is_single = True

    def run(self, progress: Progress | None) -> tuple[KnownCompressor, ...]:
        """Those that write the same bytes."""
        with contextlib.ExitStack() as streams, ThreadPoolExecutor(_THREADS) as pool:
            for one in self._equal:
                streams.callback(one.close)
            raw = _Raw(streams.enter_context(self._open_file()), self._start)
            if not self._compare(raw, pool, progress):
                return tuple(one.known for one in self._equal)
            if self._equal and raw.has_more():
                self.is_single = False
                return ()
            list(pool.map(_Comparison.finish, self._equal, [raw.ending] * len(self._equal)))
        return tuple(one.known for one in self._equal if one.is_equal)

    def _compare(self, raw: _Raw, pool: ThreadPoolExecutor, progress: Progress | None) -> bool:
        """Keep those that write the same bytes; False when the rest of the file was left unread."""
        size = 0
        chunks = raw.chunks()
        chunk = next(chunks, None)
        while chunk is not None and self._equal:
            working = pool.map(_Comparison.take, self._equal, [chunk] * len(self._equal))
            size += len(chunk)
            # Decompresses the next chunk while this one is being compressed.
            chunk = next(chunks, None)
            list(working)
            self._equal = [one for one in self._equal if one.is_equal]
            if progress:
                for one in self._equal:
                    progress(one.known, size)
            if chunk is not None and self._most is not None and size >= self._most:
                return False
        return True


def _read_header(open_file: Opener) -> GzipHeader:
    with open_file() as stream:
        try:
            return GzipHeader.parse(_read_all(stream, LONGEST_HEADER))
        except ValueError as error:
            raise DecodeError(f"not a gzip file: {error}") from error


def recognise(
    open_file: Opener,
    compressors: Sequence[KnownCompressor] | None = None,
    *,
    most: int | None = None,
    progress: Progress | None = None,
) -> Recognition:
    """Find the compressors that write exactly this gzip file, by writing its content again.

    Those known to write such a header come first; the others only if none of them fits. Most are out
    after the first 64 KiB, so that it takes little more than one compression. With ``most``, no more than
    so many bytes of the content are compared, and what follows them is not looked at: a strong hint
    instead of a proof. Raises DecodeError when the file is damaged or no gzip.
    """
    header = _read_header(open_file)
    candidates = list(known_compressors() if compressors is None else compressors)
    likely = [known for known in candidates if header in known.headers]
    for some in (likely, [known for known in candidates if known not in likely]):
        found: list[KnownCompressor] = []
        for start in range(0, len(some), _AT_ONCE):
            comparisons = _Comparisons(open_file, header.length, most, some[start : start + _AT_ONCE])
            found += comparisons.run(progress)
            if not comparisons.is_single:
                return Recognition(header, (), is_single=False)
        if found:
            return Recognition(header, tuple(found))
    return Recognition(header, (), is_single=most is not None or _is_single(open_file, header))


def _is_single(open_file: Opener, header: GzipHeader) -> bool:
    """Read the whole file, which no comparison has done; raises DecodeError when it is damaged."""
    with open_file() as stream:
        raw = _Raw(stream, header.length)
        for _ in raw.chunks():
            pass
        return not raw.has_more()
