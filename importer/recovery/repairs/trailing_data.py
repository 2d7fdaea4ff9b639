"""Cut off bytes that follow the blob."""

from __future__ import annotations

from collections.abc import Iterator

from importer.formats.signatures import COMPRESSED_KINDS
from importer.inspection.file_facts import FileFacts
from importer.inventory.inventory import claimed_digest
from importer.recovery.causes import TrailingData
from importer.recovery.recipes import Part, Whole
from importer.recovery.repairs.attempt import Attempt, Wanted


def attempts(wanted: Wanted) -> Iterator[Attempt]:
    """Propose the first bytes of a file that is longer than the blob and may begin with it."""
    size = wanted.descriptor.size
    for fact in wanted.candidates:
        if fact.size > size > 0 and _may_begin_with(fact, wanted):
            yield Attempt(Part(Whole(fact.file), 0, size), TrailingData(fact.size - size), fact)


def _may_begin_with(fact: FileFacts, wanted: Wanted) -> bool:
    # Where compressed data ends is known to the byte; other kinds are worth a reading only when
    # the name speaks for them.
    if fact.kind in COMPRESSED_KINDS and fact.content:
        return fact.content.consumed >= wanted.descriptor.size
    return claimed_digest(fact.file) == wanted.descriptor.digest
