"""What a state file keeps of a file's facts: documents whole, of all others what was found out."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

from importer.domain.digest import Digest
from importer.formats.json_text import MAX_DOCUMENT_SIZE
from importer.formats.other_kinds import OtherThing
from importer.formats.signatures import FileKind
from importer.inspection.file_facts import FileFacts, inspect_file
from importer.places.address import FileOnDisk, Literal, StoredObject
from importer.places.identity import identity_at
from importer.places.opener import Opener
from importer.places.store import Identity
from importer.sources.source_file import SourceFile
from importer.work.notes import note_of, value_of
from importer.work.remembering import Key

_WHOLE: Final = b"z"
_FACTS: Final = b"f"


@dataclass(frozen=True, slots=True)
class _Told:
    """The fields of ``FileFacts`` that one reading fills."""

    size: int
    digest: Digest
    kind: FileKind
    zeros_from: int
    excerpt: str
    properties: Mapping[str, str]
    inside: FileKind | None
    other: OtherThing | None
    other_digests: tuple[Digest, ...]


class KeptContent:
    """Keeps what passes, as long as it may be a document."""

    def __init__(self) -> None:
        self.content: bytearray | None = bytearray()

    def write(self, block: memoryview) -> None:
        """As ``BlockSink`` says."""
        if self.content is not None:
            self.content += block
            if len(self.content) > MAX_DOCUMENT_SIZE:
                self.content = None

    def close(self, digest: Digest | None) -> None:
        """As ``BlockSink`` says."""


def key_of(file: SourceFile, question: str) -> Key:
    """Under which key a file's facts are kept: where it lies below its root; in an archive also where exactly."""
    place = "/".join(file.parts)
    if isinstance(file.address, FileOnDisk | StoredObject):
        return Key(place, question)
    return Key(place, f"{question} {hashlib.sha256(repr(file.address).encode(errors='surrogatepass')).hexdigest()}")


def identity_of(file: SourceFile) -> Identity:
    """That of the listing, if it tells one, else as it is now."""
    return file.identity if file.identity.marks else identity_at(file.address)


def note_of_facts(facts: FileFacts, kept: KeptContent) -> bytes:
    """What recalls the facts of a file that was read just now."""
    content = kept.content
    if facts.document:
        return _WHOLE + zlib.compress(content) if content is not None and len(content) == facts.size else b""
    return _FACTS + note_of(_Told(*(getattr(facts, field.name) for field in fields(_Told))))


def facts_of_note(file: SourceFile, algorithms: Iterable[str], note: bytes) -> FileFacts:
    """The facts that a note is of; raises ValueError, TypeError or LookupError for one that is none."""
    if note.startswith(_WHOLE):
        unpacking = zlib.decompressobj()
        try:
            content = unpacking.decompress(note[1:], MAX_DOCUMENT_SIZE + 1)
        except zlib.error as error:
            raise ValueError(str(error)) from error
        if not unpacking.eof or len(content) != file.size:
            raise ValueError("not the whole file")
        facts = inspect_file(replace(file, address=Literal(content)), Opener(), algorithms=algorithms)
        return replace(facts, file=file)
    told = value_of(note.removeprefix(_FACTS), _Told)
    if told.size != file.size:
        raise ValueError("not the whole file")
    return FileFacts(file=file, **{field.name: getattr(told, field.name) for field in fields(_Told)})
