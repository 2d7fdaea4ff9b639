"""Take off a compression that a server or a proxy has put around the blob."""

from __future__ import annotations

from collections.abc import Iterator

from importer.inspection.content import can_decompress, compression_of_kind
from importer.recovery.causes import CompressedAgain
from importer.recovery.recipes import Decompressed, Whole
from importer.recovery.repairs.attempt import Attempt, Wanted


def attempts(wanted: Wanted) -> Iterator[Attempt]:
    """Propose the content of a compressed file that has the blob's size."""
    for fact in wanted.candidates:
        content = fact.content
        if content and can_decompress(fact.kind) and content.is_whole and content.size == wanted.descriptor.size:
            yield Attempt(
                Decompressed(Whole(fact.file), fact.kind),
                CompressedAgain(compression_of_kind(fact.kind)),
                fact,
                is_proven=content.digest == wanted.descriptor.digest,
            )
