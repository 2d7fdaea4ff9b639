"""Finds the compressor that makes a wanted blob of its raw tar; the blob's digest proves it."""

from __future__ import annotations

import hashlib
import threading
import time
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from importer.domain.digest import Digest
from importer.recompression.callbacks import Opener, Progress
from importer.recompression.catalogue import KnownCompressor
from importer.recompression.engines.registry import encoder_of
from importer.recompression.gzip_file import TRAILER_SIZE, GzipHeader, trailer

_CHUNK: Final = 1 << 18
_THREADS: Final = 2


@dataclass(frozen=True, slots=True)
class Wanted:
    """The blob that a compressor must make."""

    digest: Digest
    size: int | None = None
    """In bytes, compressed; None: unknown, so that wrong tries take longer."""


@dataclass(frozen=True, slots=True)
class Found:
    """What makes the wanted bytes."""

    known: KnownCompressor
    header: GzipHeader


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of the search."""

    found: Found | None
    given_up: tuple[KnownCompressor, ...] = ()
    """Those that were not tried to the end before the time limit."""


class _Try:
    """One compressor at work. Whatever the header, the deflate stream is the same; only the hashes differ."""

    def __init__(self, known: KnownCompressor, wanted: Wanted) -> None:
        self._known = known
        self._encoder = encoder_of(known.compressor)
        self._wanted = wanted
        self._shortest = min(header.length for header in known.headers) + TRAILER_SIZE
        algorithm = wanted.digest.algorithm
        self._hashes = [(header, hashlib.new(algorithm, header.to_bytes())) for header in known.headers]
        self._size = 0
        self._crc = 0
        self.raw_size = 0

    @property
    def may_match(self) -> bool:
        """Whether the output so far is no longer than the wanted blob."""
        return self._wanted.size is None or self._shortest + self._size <= self._wanted.size

    def take(self, chunk: bytes) -> None:
        self._crc = zlib.crc32(chunk, self._crc)
        self.raw_size += len(chunk)
        self._add(self._encoder.write(chunk))

    def finish(self) -> Found | None:
        self._add(self._encoder.finish())
        ending = trailer(self._crc, self.raw_size)
        for header, hasher in self._hashes:
            if self._wanted.size in (None, header.length + self._size + len(ending)):
                hasher.update(ending)
                if hasher.hexdigest() == self._wanted.digest.hex:
                    return Found(self._known, header)
        return None

    def _add(self, data: bytes) -> None:
        self._size += len(data)
        for _, hasher in self._hashes:
            hasher.update(data)


class _Search:
    """The tries and their results."""

    def __init__(self, open_raw: Opener, wanted: Wanted, progress: Progress | None) -> None:
        self._open_raw = open_raw
        self._wanted = wanted
        self._progress = progress
        self._lock = threading.Lock()
        self._found: dict[int, Found] = {}
        self._given_up: dict[int, KnownCompressor] = {}
        self._deadline = float("inf")
        self._is_stopped = False

    def run(self, compressors: Sequence[KnownCompressor], limit: float | None, *, first_alone: bool) -> Outcome:
        if limit is not None:
            self._deadline = time.monotonic() + limit
        ranked = list(enumerate(compressors))
        if first_alone and ranked:
            self._try(*ranked.pop(0))
        with ThreadPoolExecutor(_THREADS) as pool:
            try:
                for tried in [pool.submit(self._try, *item) for item in ranked]:
                    tried.result()
            finally:
                self._is_stopped = True
        if self._found:
            return Outcome(self._found[min(self._found)])
        return Outcome(None, tuple(self._given_up[rank] for rank in sorted(self._given_up)))

    def _try(self, rank: int, known: KnownCompressor) -> None:
        if not self._goes_on(rank, known):
            return
        one = _Try(known, self._wanted)
        with self._open_raw() as stream:
            while chunk := stream.read(_CHUNK):
                one.take(chunk)
                self._report(known, one.raw_size)
                if not one.may_match or not self._goes_on(rank, known):
                    return
        found = one.finish()
        if found:
            self._found[rank] = found

    def _goes_on(self, rank: int, known: KnownCompressor) -> bool:
        """Whether it is worth the time; a likelier one goes on even when this one has the answer.

        Small tars come out the same of several compressors: it is always the likeliest that is named.
        """
        if self._is_stopped or any(rank > found for found in tuple(self._found)):
            return False
        if time.monotonic() >= self._deadline:
            self._given_up[rank] = known
            return False
        return True

    def _report(self, known: KnownCompressor, done: int) -> None:
        if self._progress:
            with self._lock:
                self._progress(known, done)


def find_compressor(  # noqa: PLR0913 - what is looked for, where, and how
    open_raw: Opener,
    wanted: Wanted,
    compressors: Sequence[KnownCompressor],
    *,
    progress: Progress | None = None,
    limit: float | None = None,
    first_alone: bool = False,
) -> Outcome:
    """Find the compressor and header that make the wanted blob.

    They are tried in the order given, two at a time, each with a read of its own, so that a fast one
    does not wait for a slow one; the tries end after ``limit`` seconds. A try ends as soon as its output
    is longer than the wanted size. Memory: about 3 MB a try.

    With ``first_alone`` the second core stays idle until the first one has failed: two at once slow each
    other down, which is a waste when the evidence is certain.
    """
    return _Search(open_raw, wanted, progress).run(compressors, limit, first_alone=first_alone)
