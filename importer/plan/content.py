"""The bytes of a file, and what is inside it, as blobs that were proven."""

from __future__ import annotations

from importer.domain.digest import Digest
from importer.formats.decoders import can_decompress
from importer.inspection.file_facts import FileFacts
from importer.places.address import Decompressed, Literal
from importer.plan.blobs import ProvenBlob


def whole_file(fact: FileFacts) -> ProvenBlob:
    """The file's own bytes."""
    return ProvenBlob(fact.digest, fact.size, fact.file.address)


def literal(content: bytes) -> ProvenBlob:
    """Bytes that are made here, or built in."""
    return ProvenBlob(Digest.of(content), len(content), Literal(content))


def content_of(fact: FileFacts | None) -> ProvenBlob | None:
    """What is inside a layer's file, when it was looked into and is whole; a plain tar is its own content."""
    content = fact.content if fact else None
    if not fact or not content or not content.is_whole:
        return None
    recipe = Decompressed(fact.file.address, fact.kind) if can_decompress(fact.kind) else fact.file.address
    return ProvenBlob(content.digest, content.size, recipe)
