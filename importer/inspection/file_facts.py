"""The facts of one file, and the one reading that gives them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from importer.domain.digest import Digest
from importer.formats.documents import Document, parse_document
from importer.formats.error_pages import has_server_marks, message_of_markup, quote
from importer.formats.http_headers import digest_in_headers, size_of_headers
from importer.formats.json_text import MAX_DOCUMENT_SIZE
from importer.formats.other_kinds import OtherThing, file_system, other_thing
from importer.formats.signatures import HEAD_SIZE, MARKUP_KINDS, FileKind, kind_of_head
from importer.inspection.content import Content, head_inside
from importer.inspection.libmagic import describe
from importer.inspection.properties import properties_in
from importer.places.byte_streams import BLOCK_SIZE, read_buffer
from importer.places.opener import Opener
from importer.sources.source_file import SourceFile

_NOTES: Final = frozenset({FileKind.XML, FileKind.TEXT})

_START_SIZE: Final = 36 << 10
"""Bytes that tell a disk: the mark of a CD image stands behind its first 32 KiB."""

_MAX_MESSAGE: Final = 64 << 10
"""Bytes of the longest text that a server sends to say why it refuses."""

DIGEST_HEADER: Final = "Docker-Content-Digest"
"""The property with the digest that the server gave, in the headers that were saved with the file."""

STATED_DIGEST: Final = "Descriptor.digest"
"""The property with the digest of a manifest that ``docker manifest inspect -v`` prints beside it."""


class BlockSink(Protocol):
    """Takes a copy of the bytes that are being inspected."""

    def write(self, block: memoryview) -> None:
        """The file's next bytes; valid only during the call."""
        ...

    def close(self, digest: Digest | None) -> None:
        """The file is over and has this digest; None when it could not be read to its end."""
        ...


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What one reading of a file tells.

    Attributes:
        file: where it came from.
        size: bytes that were really read.
        digest: sha256 of them.
        kind: what the bytes are.
        zeros_from: offset from which on there are only zeros; equals ``size`` when the last byte
            is another.
        excerpt: what a page or a text says, or what libmagic calls other content, in one printable line.
        properties: what a repository program has noted in it of another file; what a server's headers
            say of the body behind them.
        document: a JSON file, classified and parsed, not yet held to its schema.
        content: what a compressed file holds; None until it was examined.
        inside: what a compressed file holds, by its first bytes; None where they don't tell.
        other: what it is, if it is a known thing that no image is made of.
        other_digests: digests of further algorithms, where they were asked for.
    """

    file: SourceFile
    size: int
    digest: Digest
    kind: FileKind
    zeros_from: int
    excerpt: str = ""
    properties: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    document: Document | None = field(default=None, repr=False)
    content: Content | None = None
    inside: FileKind | None = None
    other: OtherThing | None = None
    other_digests: tuple[Digest, ...] = ()

    @property
    def digests(self) -> tuple[Digest, ...]:
        """All digests that were computed of the bytes."""
        return (self.digest, *self.other_digests)


def inspect_file(
    file: SourceFile,
    opener: Opener,
    *,
    algorithms: Iterable[str] = (),
    sink: BlockSink | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> FileFacts:
    """Read a file once, from its first byte to its last, and tell what it is.

    The file is handed on to ``sink`` as it is read. Raises OSError.
    """
    reading = _Reading(file, ("sha256", *algorithms))
    try:
        with opener.open(file.address) as stream:
            buffer = read_buffer(min(BLOCK_SIZE, max(file.size, HEAD_SIZE)))
            while count := stream.readinto(buffer):  # type: ignore[attr-defined]
                reading.take(buffer[:count])
                if sink:
                    sink.write(buffer[:count])
                advance(count)
    except BaseException:
        if sink:
            sink.close(None)
        raise
    facts = reading.facts()
    if sink:
        sink.close(facts.digest)
    return facts


class _Reading:
    def __init__(self, file: SourceFile, algorithms: tuple[str, ...]) -> None:
        self._file = file
        self._hashes = [hashlib.new(name, usedforsecurity=False) for name in algorithms]
        self._size = 0
        self._zeros_from = 0
        self._head = b""
        self._kind = FileKind.EMPTY
        self._inside: FileKind | None = None
        self._other: OtherThing | None = None
        self._text: bytearray | None = bytearray()

    def take(self, block: memoryview) -> None:
        if not self._size:
            self._head = bytes(block[:HEAD_SIZE])
            kind = kind_of_head(self._head)
            inside = head_inside(kind, block)
            self._inside = None if inside is None else kind_of_head(inside)
            tar = self._head if kind is FileKind.TAR else inside if self._inside is FileKind.TAR else None
            self._other = file_system(tar) if tar else other_thing(bytes(block[:_START_SIZE]), kind)
            self._kind = _kind_behind_headers(kind, self._head)
            self._text = bytearray() if self._kind is FileKind.JSON else None
        for algorithm in self._hashes:
            algorithm.update(block)
        if block[-1]:
            self._zeros_from = self._size + len(block)
        elif nonzero := len(bytes(block).rstrip(b"\0")):
            self._zeros_from = self._size + nonzero
        self._size += len(block)
        if self._text is not None and len(self._text) <= MAX_DOCUMENT_SIZE:
            self._text += block

    def facts(self) -> FileFacts:
        kind = self._kind
        # Of a million files, most have the size that was listed, and no zeros at their end: one number for all.
        size = self._file.size if self._file.size == self._size else self._size
        document = self._document(kind)
        return FileFacts(
            file=self._file,
            size=size,
            digest=Digest("sha256", self._hashes[0].hexdigest()),
            kind=document.kind if document else self._whole_kind(kind),
            zeros_from=size if size == self._zeros_from else self._zeros_from,
            excerpt=document.message if document else self._excerpt(kind),
            properties=self._properties(kind),
            document=document,
            inside=self._inside,
            other=self._other,
            other_digests=tuple(Digest(h.name, h.hexdigest()) for h in self._hashes[1:]),
        )

    def _document(self, kind: FileKind) -> Document | None:
        if kind is not FileKind.JSON or self._text is None:
            return None
        if self._size > MAX_DOCUMENT_SIZE:
            limit = f"larger than {MAX_DOCUMENT_SIZE >> 20} MiB, the limit for a JSON document"
            hinted = parse_document(self._head)
            return Document(hinted.kind if hinted.error else FileKind.JSON, error=limit)
        return parse_document(bytes(self._text))

    def _properties(self, kind: FileKind) -> Mapping[str, str]:
        header = digest_in_headers(self._head)
        if header:
            return {DIGEST_HEADER: header}
        return properties_in(self._head.decode("utf-8", "replace") if kind in _NOTES else "")

    def _whole_kind(self, kind: FileKind) -> FileKind:
        if kind is FileKind.ZEROS and self._zeros_from:
            return FileKind.DATA
        is_message = kind is FileKind.TEXT and self._size <= _MAX_MESSAGE and not self._other
        if is_message and not size_of_headers(self._head) and has_server_marks(self._head.decode("utf-8", "replace")):
            return FileKind.ERROR_PAGE
        return kind

    def _excerpt(self, kind: FileKind) -> str:
        if kind in MARKUP_KINDS:
            return message_of_markup(self._head.decode("utf-8", "replace"))
        if kind is FileKind.TEXT:
            return quote(self._head[:512].decode("utf-8", "replace"))
        return describe(self._head) if kind is FileKind.DATA else ""


def _kind_behind_headers(kind: FileKind, head: bytes) -> FileKind:
    """The kind of the body where JSON stands behind a server's headers, which its reader knows how to skip."""
    headers = size_of_headers(head)
    return FileKind.JSON if headers and kind_of_head(head[headers:]) is FileKind.JSON else kind
