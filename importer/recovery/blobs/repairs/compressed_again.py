"""Take off a compression that a server or a proxy has put around the blob."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from importer.domain.digest import Digest
from importer.formats.decoders import can_decompress
from importer.inspection.content import Content, compression_of_kind
from importer.inspection.file_facts import FileFacts
from importer.places.address import Decompressed
from importer.plan.causes import CompressedAgain
from importer.recovery.blobs.candidates import likeliest_first
from importer.recovery.blobs.repairs.attempt import Attempt, Wanted


def attempts(wanted: Wanted) -> Iterator[Attempt]:
    """Propose the content of a compressed file that has the blob's digest, or its size where nothing else is known."""
    digest, size = wanted.descriptor.digest, wanted.descriptor.size
    packed = wanted.candidates.indexed_by(_by_content)
    for fact in likeliest_first(packed.get(digest if digest.algorithm == "sha256" else size, ()), wanted.descriptor):
        if fact.content and fact.content.size == size:
            yield Attempt(
                Decompressed(fact.file.address, fact.kind),
                CompressedAgain(compression_of_kind(fact.kind)),
                fact,
                is_proven=fact.content.digest == digest,
            )


def _by_content(facts: Sequence[FileFacts]) -> Mapping[Digest | int, Sequence[FileFacts]]:
    found: dict[Digest | int, list[FileFacts]] = {}
    for fact in facts:
        if can_decompress(fact.kind) and fact.content and fact.content.is_whole:
            for key in _keys(fact.content):
                found.setdefault(key, []).append(fact)
    return found


def _keys(content: Content) -> tuple[Digest | int, ...]:
    return (content.digest, content.size)
