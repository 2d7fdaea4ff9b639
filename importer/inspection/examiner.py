"""A closer look at what was inspected: the one place where those who plan and change images get bytes from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from importer.domain.digest import Digest
from importer.errors import DecodeError
from importer.formats.decoders import can_decompress
from importer.formats.documents import Document, read_document
from importer.formats.json_text import MAX_DOCUMENT_SIZE
from importer.formats.runs import Run, repeats, texts
from importer.formats.signatures import COMPRESSED_KINDS, HEAD_SIZE, FileKind, kind_of_head
from importer.inspection.content import Content, examine_content, further_digests, kind_inside
from importer.inspection.file_facts import FileFacts, inspect_file
from importer.places.address import Address, Part
from importer.sources.source_file import SourceFile
from importer.work.task import Tools

_SHORT: Final = 128 << 10
_MOST_KEPT: Final = 128

_TELLING: Final = 256 << 10
"""Bytes of a compressed file that tell what it holds."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Bytes that were read to their end: their digest, and how many they are."""

    digest: Digest
    size: int


class Examiner:
    """Answers what one reading of a file doesn't tell. What can no longer be read has no answer.

    Args:
        tools: what opens addresses, and is told of the bytes that are read.
    """

    def __init__(self, tools: Tools) -> None:
        self.opener = tools.opener
        self.advance = tools.advance
        self._heads: dict[tuple[Address, int], bytes | None] = {}

    def text_of(self, fact: FileFacts) -> bytes:
        """The bytes of a document, whose size is bounded; empty when it can no longer be read."""
        return self.head_of(fact.file.address, MAX_DOCUMENT_SIZE) or b""

    def document_at(self, address: Address) -> Document:
        """The document that an address makes, as far as documents reach; raises OSError and DecodeError."""
        return read_document(self.opener.head(address, MAX_DOCUMENT_SIZE + 1))

    def head_of(self, address: Address, size: int = HEAD_SIZE) -> bytes | None:
        """The first ``size`` bytes, or all where there are fewer; None when they can't be made.

        Short ones that were asked for last are kept: who looks for one blob after the other asks again.
        """
        if size > _SHORT:
            return self._read(address, size)
        if (address, size) not in self._heads:
            if len(self._heads) >= _MOST_KEPT:
                self._heads.pop(next(iter(self._heads)))
            self._heads[address, size] = self._read(address, size)
        return self._heads[address, size]

    def _read(self, address: Address, size: int) -> bytes | None:
        try:
            return self.opener.head(address, size)
        except (OSError, DecodeError):
            return None

    def part_of(self, address: Address, start: int, length: int) -> bytes:
        """Some bytes in the middle; fewer or none where they can't be made."""
        try:
            return b"".join(self.opener.blocks(address, start=start, length=length))
        except (OSError, DecodeError):
            return b""

    def repeats_in(self, address: Address, distance: int) -> Iterator[Run]:
        """Where ``distance`` bytes or more are the same as those so far behind them."""
        with suppress(OSError, DecodeError):
            yield from repeats(self.opener.blocks(address), self.opener.blocks(address, start=distance), distance)

    def texts_in(self, address: Address, least: int, *, beyond_ascii: bool = False) -> Iterator[Run]:
        """Runs of at least so many bytes that a text may have."""
        with suppress(OSError, DecodeError):
            yield from texts(self.opener.blocks(address), least, beyond_ascii=beyond_ascii)

    def kind_of(self, address: Address) -> FileKind | None:
        """What the first bytes are; None when they can't be made."""
        head = self.head_of(address)
        return None if head is None else kind_of_head(head)

    def kind_within(self, address: Address) -> FileKind | None:
        """What an address holds under its compression, if it has one; None where too few bytes come out to tell."""
        head = self.head_of(address, _TELLING)
        if head is None:
            return None
        kind = kind_of_head(head)
        return kind_inside(kind, head) if kind in COMPRESSED_KINDS else kind

    def digest_of(self, address: Address, algorithm: str, size: int) -> Digest | None:
        """The digest of what an address makes, which should be ``size`` bytes.

        None when it makes more or fewer, or nothing at all; the reading ends as soon as there are too many.
        """
        made = self.measured(address, algorithm, most=size)
        return made.digest if made and made.size == size else None

    def measured(self, address: Address, algorithm: str = "sha256", *, most: int | None = None) -> Measured | None:
        """Digest and size of what an address makes; None when that is nothing, or more than ``most`` bytes."""
        hashed, size = hashlib.new(algorithm), 0
        try:
            for block in self.opener.blocks(address):
                size += len(block)
                if most is not None and size > most:
                    return None
                hashed.update(block)
                self.advance(len(block))
        except (OSError, DecodeError):
            return None
        return Measured(Digest(algorithm, hashed.hexdigest()), size)

    def further_digests(self, file: SourceFile, algorithms: Iterable[str]) -> tuple[Digest, ...]:
        """Digests of a file by other algorithms than sha256; raises OSError."""
        return further_digests(file, algorithms, self.opener, advance=self.advance)

    def content_of(self, fact: FileFacts, *, length: int | None = None, keep_entries: bool = False) -> Content:
        """What a compressed file or a tar holds, or its first ``length`` bytes; raises OSError."""
        address = fact.file.address if length is None else Part(fact.file.address, 0, length)
        return examine_content(address, fact.kind, self.opener, keep_entries=keep_entries, advance=self.advance)

    def looked_into(self, fact: FileFacts) -> FileFacts:
        """The facts, with what is inside, where that can be decompressed."""
        if not can_decompress(fact.kind):
            return fact
        try:
            return replace(fact, content=self.content_of(fact))
        except OSError:
            return fact

    def facts_of(self, file: SourceFile) -> FileFacts | None:
        """The facts of what an address makes, as if it were a file, with what is inside; None when it makes nothing."""
        try:
            facts = inspect_file(file, self.opener, advance=self.advance)
            facts = replace(facts, file=replace(file, size=facts.size))
            return replace(facts, content=self.content_of(facts)) if can_decompress(facts.kind) else facts
        except (OSError, DecodeError):
            return None
