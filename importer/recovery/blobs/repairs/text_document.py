"""Undo what editors, viewers and shells do to the text of a JSON document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from importer.domain.digest import Digest
from importer.formats.json_text import MAX_DOCUMENT_SIZE
from importer.formats.signatures import DOCUMENT_KINDS
from importer.inspection.examiner import Examiner
from importer.inspection.file_facts import FileFacts
from importer.places.address import Literal
from importer.recovery.blobs.candidates import likeliest_first
from importer.recovery.blobs.repairs.attempt import Attempt, Wanted
from importer.recovery.blobs.restoration import restorations


def attempts(wanted: Wanted) -> Iterator[Attempt]:
    """Propose the former texts of each JSON document among the candidates."""
    if not wanted.is_document:
        return
    digest = wanted.descriptor.digest
    restored = wanted.candidates.indexed_by(_by_restored, digest.algorithm, wanted.examiner).get(_key(digest), ())
    for fact in likeliest_first(restored, wanted.descriptor):
        for restoration in restorations(wanted.examiner.text_of(fact)):
            if len(restoration.content) != wanted.descriptor.size:
                continue
            if Digest.of(restoration.content, digest.algorithm) == digest:
                yield Attempt(Literal(restoration.content), restoration.cause, fact, is_proven=True)


def _by_restored(facts: Sequence[FileFacts], algorithm: str, examiner: Examiner) -> Mapping[int, Sequence[FileFacts]]:
    """Documents by the digest of each of their former texts; a part of it has to do, for the room's sake."""
    found: dict[int, list[FileFacts]] = {}
    for fact in facts:
        if fact.kind in DOCUMENT_KINDS and fact.size <= MAX_DOCUMENT_SIZE:
            for restoration in restorations(examiner.text_of(fact)):
                found.setdefault(_key(Digest.of(restoration.content, algorithm)), []).append(fact)
    return found


def _key(digest: Digest) -> int:
    return int(digest.hex[:16], 16)
