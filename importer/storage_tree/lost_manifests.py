"""Manifests that are lost, put together again from the config and the layers that their repository links."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from importer.domain.digest import Digest
from importer.formats.json_text import MAX_DOCUMENT_SIZE
from importer.formats.signatures import FileKind
from importer.inspection.content import can_decompress, examine_content
from importer.inspection.file_facts import FileFacts
from importer.inspection.inspector import Inspector
from importer.inventory.inventory import Inventory
from importer.inventory.known_digests import known_digests
from importer.plan.blobs import ProvenBlob
from importer.recovery.documents.rebuilding import rebuild_images
from importer.sources.folder import FolderSource


def rebuilt_manifest(digest: Digest, blobs: Iterable[Path], inspector: Inspector) -> ProvenBlob | None:
    """The manifest with that digest, as a known program writes it for a config and layers among the blobs.

    None when there is none. The blobs are the ``data`` files of whole blobs; without a config among them, nothing
    large is read, and else each layer once.
    """
    small: list[FolderSource] = []
    large: list[FolderSource] = []
    for path in blobs:
        (small if path.stat().st_size <= MAX_DOCUMENT_SIZE else large).append(FolderSource(path))
    facts = inspector.inspect(small).facts
    if not any(fact.kind is FileKind.CONFIG for fact in facts):
        return None
    facts = (*facts, *inspector.inspect(large).facts)
    inventory = Inventory.of(_unpacked(fact, inspector) for fact in facts)
    images = rebuild_images(inventory, known_digests(inventory, (digest,)), (), frozenset())
    exact = (image.manifest.exact for image in images)
    return next((blob for blob in exact if blob and blob.digest == digest), None)


def _unpacked(fact: FileFacts, inspector: Inspector) -> FileFacts:
    if not can_decompress(fact.kind):
        return fact
    try:
        return replace(fact, content=examine_content(fact.file, fact.kind, advance=inspector.advance))
    except OSError:
        return fact
