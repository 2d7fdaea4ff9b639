"""Complete a gzip file of which only the end of the last eight bytes is missing."""

from __future__ import annotations

from collections.abc import Iterator

from importer.formats.streams import Ending
from importer.recovery.causes import TruncatedTrailer
from importer.recovery.recipes import Joined, Literal, Whole
from importer.recovery.repairs.attempt import Attempt, Wanted


def attempts(wanted: Wanted) -> Iterator[Attempt]:
    """Propose a file with the checksum and size of its content appended (RFC 1952, 2.3.1)."""
    for fact in wanted.candidates:
        content = fact.content
        if not content or content.ending is not Ending.TRAILER_CUT:
            continue
        if fact.size + len(content.missing_trailer) == wanted.descriptor.size:
            recipe = Joined((Whole(fact.file), Literal(content.missing_trailer)))
            yield Attempt(recipe, TruncatedTrailer(len(content.missing_trailer)), fact)
