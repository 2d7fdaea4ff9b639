"""What a compressed file holds: the digest of its content, and how far it is good."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from importer.domain.digest import Digest
from importer.domain.media_types import Compression
from importer.formats.decoders import can_decompress, decoder_for
from importer.formats.deflate import GzipStream, first_bad_byte
from importer.formats.signatures import HEAD_SIZE, TAR_BLOCK, FileKind, kind_of_head
from importer.formats.streams import DecodedStream, Ending, StoredStream
from importer.formats.tar_headers import TarEntry, TarWalker
from importer.places.address import Address
from importer.places.opener import Opener
from importer.sources.source_file import SourceFile

_COMPRESSIONS: Final = {
    FileKind.GZIP: Compression.GZIP,
    FileKind.ZSTD: Compression.ZSTD,
    FileKind.BZIP2: Compression.BZIP2,
    FileKind.XZ: Compression.XZ,
}

# A layer of nothing but zeros shrinks a thousandfold; what grows beyond both bounds is an attack.
_BOMB_SIZE: Final = 1 << 30
_BOMB_RATIO: Final = 400


@dataclass(frozen=True, slots=True)
class Content:
    """What comes out of a file when it is decompressed once.

    Attributes:
        compression: how the file is packed; NONE for a plain tar that was walked.
        digest, size: of the decompressed bytes, as far as they came.
        ending: how the compressed stream ends.
        consumed: compressed bytes that decoded without an error.
        broken_at: offset of the first byte at which a decoder notices that the stream is damaged, when one does.
        missing_trailer: what a gzip member that was cut within its trailer lacks.
        right_trailer: what should stand after ``consumed`` bytes, where a whole gzip member has another trailer.
        kind: what the decompressed bytes are.
        entry_count: members of the tar inside.
        tar_broken_at: offset in the decompressed bytes where no tar header stands though one should.
        tar_ended_at: offset in the decompressed bytes of the block of zeros that ends the tar; None if none was seen.
        entries: the members, when they were asked for.
    """

    compression: Compression
    digest: Digest
    size: int
    ending: Ending
    consumed: int
    missing_trailer: bytes = b""
    right_trailer: bytes = b""
    kind: FileKind = FileKind.DATA
    entry_count: int = 0
    tar_broken_at: int | None = None
    tar_ended_at: int | None = None
    entries: tuple[TarEntry, ...] = ()
    broken_at: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether a whole stream decoded; bytes may still follow it."""
        return self.ending in (Ending.COMPLETE, Ending.TRAILING_DATA)


def compression_of_kind(kind: FileKind) -> Compression:
    """The compression that a file's first bytes show."""
    return _COMPRESSIONS.get(kind, Compression.NONE)


def head_inside(kind: FileKind, start: bytes | memoryview) -> bytes | None:
    """The first bytes of what a compressed file holds; None when too few come out, or it can't be unpacked here."""
    if not can_decompress(kind):
        return None
    stream, head = decoder_for(kind), b""
    for offset in range(0, len(start), HEAD_SIZE):
        for piece in stream.feed(bytes(start[offset : offset + HEAD_SIZE])):
            head += piece[: HEAD_SIZE - len(head)]
        if len(head) >= HEAD_SIZE or stream.ending is not None:
            break
    is_over = len(head) < TAR_BLOCK and stream.close() in (Ending.COMPLETE, Ending.TRAILING_DATA)
    return head if is_over or len(head) >= TAR_BLOCK else None


def kind_inside(kind: FileKind, start: bytes | memoryview) -> FileKind | None:
    """What a compressed file holds, by its first bytes; None where ``head_inside`` gives none."""
    head = head_inside(kind, start)
    return None if head is None else kind_of_head(head)


def examine_content(
    address: Address,
    kind: FileKind,
    opener: Opener,
    *,
    keep_entries: bool = False,
    advance: Callable[[int], None] = lambda _: None,
) -> Content:
    """Decompress a gzip or zstd file (or walk a plain tar) once.

    Damage is a fact of the result, not an error. Raises OSError when the file can't be read.
    """
    stream = decoder_for(kind) if can_decompress(kind) else StoredStream()
    sink = _ContentSink(keep_entries=keep_entries)
    for block in opener.blocks(address):
        advance(len(block))
        for piece in stream.feed(block):
            sink.take(piece)
            if _is_bomb(sink.size, stream.consumed):
                stream.ending = Ending.TOO_LARGE
                break
        if stream.ending is not None:
            break
    content = sink.content(compression_of_kind(kind), stream, stream.close())
    if content.ending is not Ending.CORRUPT or content.broken_at is not None or not isinstance(stream, GzipStream):
        return content
    within = first_bad_byte(opener.blocks(address, start=stream.deflate_start))
    return replace(content, broken_at=None if within is None else stream.deflate_start + within)


def further_digests(
    file: SourceFile, algorithms: Iterable[str], opener: Opener, *, advance: Callable[[int], None] = lambda _: None
) -> tuple[Digest, ...]:
    """Digests of a file by other algorithms than sha256, of one reading; raises OSError."""
    hashes = [hashlib.new(algorithm) for algorithm in algorithms]
    for block in opener.blocks(file.address):
        for hashed in hashes:
            hashed.update(block)
        advance(len(block))
    return tuple(Digest(hashed.name, hashed.hexdigest()) for hashed in hashes)


def _is_bomb(size: int, consumed: int) -> bool:
    return size > _BOMB_SIZE and size > consumed * _BOMB_RATIO


class _ContentSink:
    def __init__(self, *, keep_entries: bool) -> None:
        self._hash = hashlib.sha256()
        self._head = b""
        self._walker = TarWalker(keep_entries=keep_entries)
        self.size = 0

    def take(self, piece: bytes) -> None:
        if len(self._head) < HEAD_SIZE:
            self._head += piece[: HEAD_SIZE - len(self._head)]
        self._hash.update(piece)
        self._walker.feed(piece)
        self.size += len(piece)

    def content(self, compression: Compression, stream: DecodedStream, ending: Ending) -> Content:
        return Content(
            compression=compression,
            digest=Digest("sha256", self._hash.hexdigest()),
            size=self.size,
            ending=ending,
            consumed=stream.consumed,
            missing_trailer=stream.missing_trailer if isinstance(stream, GzipStream) else b"",
            right_trailer=stream.right_trailer if isinstance(stream, GzipStream) else b"",
            kind=kind_of_head(self._head),
            entry_count=self._walker.entry_count,
            tar_broken_at=self._walker.broken_at,
            tar_ended_at=self._walker.ended_at,
            broken_at=stream.broken_at,
            entries=tuple(self._walker.entries),
        )
