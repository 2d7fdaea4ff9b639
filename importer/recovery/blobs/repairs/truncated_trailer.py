"""Complete a gzip file of which only the end of the last eight bytes is missing, or these are wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from importer.formats.deflate import TRAILER_SIZE
from importer.formats.streams import Ending
from importer.inspection.content import Content
from importer.inspection.file_facts import FileFacts
from importer.places.address import Joined, Literal, Part
from importer.plan.causes import TruncatedTrailer
from importer.recovery.blobs.candidates import likeliest_first
from importer.recovery.blobs.repairs.attempt import Attempt, Wanted

_WRONG: Final = TruncatedTrailer(TRAILER_SIZE, is_wrong=True)


def attempts(wanted: Wanted) -> Iterator[Attempt]:
    """Propose a file with the checksum and size of its content appended or put in place (RFC 1952, 2.3.1)."""
    size = wanted.descriptor.size
    cut = wanted.candidates.indexed_by(_by_full_size).get(size, ())
    for fact in likeliest_first(cut, wanted.descriptor):
        if fact.content:
            lost = fact.content.missing_trailer
            yield Attempt(Joined((fact.file.address, Literal(lost))), TruncatedTrailer(len(lost)), fact)
    for fact in likeliest_first(wanted.candidates.indexed_by(_by_right_size).get(size, ()), wanted.descriptor):
        if fact.content:
            yield Attempt(_with_right_trailer(fact, fact.content, size), _WRONG, fact)


def _by_full_size(facts: Sequence[FileFacts]) -> Mapping[int, Sequence[FileFacts]]:
    found: dict[int, list[FileFacts]] = {}
    for fact in facts:
        if fact.content and fact.content.ending is Ending.TRAILER_CUT:
            found.setdefault(fact.size + len(fact.content.missing_trailer), []).append(fact)
    return found


def _by_right_size(facts: Sequence[FileFacts]) -> Mapping[int, Sequence[FileFacts]]:
    """Files with a wrong trailer by their sizes, and by that of all that ends with the trailer."""
    found: dict[int, list[FileFacts]] = {}
    for fact in facts:
        if fact.content and fact.content.right_trailer:
            for size in dict.fromkeys((fact.size, fact.content.consumed + TRAILER_SIZE)):
                found.setdefault(size, []).append(fact)
    return found


def _with_right_trailer(fact: FileFacts, content: Content, size: int) -> Joined:
    whole, start = fact.file.address, content.consumed
    behind = start + TRAILER_SIZE
    return Joined((Part(whole, 0, start), Literal(content.right_trailer), Part(whole, behind, size - behind)))
