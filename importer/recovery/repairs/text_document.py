"""Undo what editors, viewers and shells do to the text of a JSON document."""

from __future__ import annotations

from collections.abc import Iterator

from importer.domain.digest import Digest
from importer.formats.json_text import MAX_DOCUMENT_SIZE
from importer.formats.signatures import DOCUMENT_KINDS
from importer.inspection.file_facts import FileFacts
from importer.recovery.recipes import Literal
from importer.recovery.repairs.attempt import Attempt, Wanted
from importer.recovery.restoration import restorations


def attempts(wanted: Wanted) -> Iterator[Attempt]:
    """Propose the former texts of each JSON document among the candidates."""
    if not wanted.is_document:
        return
    for fact in wanted.candidates:
        if fact.kind not in DOCUMENT_KINDS or fact.size > MAX_DOCUMENT_SIZE:
            continue
        for restoration in restorations(read_small(fact)):
            if len(restoration.content) != wanted.descriptor.size:
                continue
            if Digest.of(restoration.content, wanted.descriptor.digest.algorithm) == wanted.descriptor.digest:
                yield Attempt(Literal(restoration.content), restoration.cause, fact, is_proven=True)


def read_small(fact: FileFacts) -> bytes:
    """The bytes of a document, whose size is bounded; empty when it can't be read any more."""
    try:
        with fact.file.open() as stream:
            return stream.read(MAX_DOCUMENT_SIZE)
    except OSError:
        return b""
