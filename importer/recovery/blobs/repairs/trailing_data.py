"""Cut off bytes that follow the blob."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from importer.formats.signatures import COMPRESSED_KINDS
from importer.inspection.file_facts import FileFacts
from importer.inventory.inventory import claimed_digest
from importer.places.address import Part
from importer.plan.causes import TrailingData
from importer.recovery.blobs.candidates import BySize, likeliest_first
from importer.recovery.blobs.repairs.attempt import Attempt, Wanted


def attempts(wanted: Wanted) -> Iterator[Attempt]:
    """Propose the first bytes of a file that is longer than the blob and may begin with it."""
    size = wanted.descriptor.size
    larger = wanted.candidates.indexed_by(_compressed_by_size).above(size)
    for fact in likeliest_first((*wanted.candidates.named_after(wanted.descriptor), *larger), wanted.descriptor):
        if fact.size > size > 0 and _may_begin_with(fact, wanted):
            yield Attempt(Part(fact.file.address, 0, size), TrailingData(fact.size - size), fact)


def _compressed_by_size(facts: Sequence[FileFacts]) -> BySize[FileFacts]:
    return BySize((fact.size, fact) for fact in facts if fact.kind in COMPRESSED_KINDS and fact.content)


def _may_begin_with(fact: FileFacts, wanted: Wanted) -> bool:
    # Where compressed data ends is known to the byte; other kinds are worth a reading only when
    # the name speaks for them.
    if fact.kind in COMPRESSED_KINDS and fact.content:
        return fact.content.consumed >= wanted.descriptor.size
    return claimed_digest(fact.file) == wanted.descriptor.digest
