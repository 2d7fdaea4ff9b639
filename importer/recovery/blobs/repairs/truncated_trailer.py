"""Complete a gzip file of which only the end of the last eight bytes is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from importer.formats.streams import Ending
from importer.inspection.file_facts import FileFacts
from importer.places.address import Joined, Literal
from importer.plan.causes import TruncatedTrailer
from importer.recovery.blobs.candidates import likeliest_first
from importer.recovery.blobs.repairs.attempt import Attempt, Wanted


def attempts(wanted: Wanted) -> Iterator[Attempt]:
    """Propose a file with the checksum and size of its content appended (RFC 1952, 2.3.1)."""
    cut = wanted.candidates.indexed_by(_by_full_size).get(wanted.descriptor.size, ())
    for fact in likeliest_first(cut, wanted.descriptor):
        if fact.content:
            lost = fact.content.missing_trailer
            yield Attempt(Joined((fact.file.address, Literal(lost))), TruncatedTrailer(len(lost)), fact)


def _by_full_size(facts: Sequence[FileFacts]) -> Mapping[int, Sequence[FileFacts]]:
    found: dict[int, list[FileFacts]] = {}
    for fact in facts:
        if fact.content and fact.content.ending is Ending.TRAILER_CUT:
            found.setdefault(fact.size + len(fact.content.missing_trailer), []).append(fact)
    return found
