"""Manifests that are lost, put together again from the config and the layers that their repository links."""

from __future__ import annotations

from collections.abc import Iterable

from importer.domain.digest import Digest
from importer.formats.json_text import MAX_DOCUMENT_SIZE
from importer.formats.signatures import FileKind
from importer.inspection.examiner import Examiner
from importer.inspection.inspecting import inspect
from importer.inventory.inventory import Inventory
from importer.inventory.known_digests import known_digests
from importer.places.store import Store
from importer.plan.blobs import ProvenBlob
from importer.recovery.documents.rebuilding import rebuild_images
from importer.sources.stored_files import StoredFiles
from importer.work.executor import Executor


def rebuilt_manifest(digest: Digest, store: Store, blobs: Iterable[str], executor: Executor) -> ProvenBlob | None:
    """The manifest with that digest, as a known program writes it for a config and layers among the blobs.

    None when there is none. The blobs are the keys of whole blobs in the store; without a config among them, nothing
    large is read, and else each layer once.
    """
    examiner = Examiner(executor.tools)
    small: list[StoredFiles] = []
    large: list[StoredFiles] = []
    for key in blobs:
        (small if store.stat(key).size <= MAX_DOCUMENT_SIZE else large).append(StoredFiles(store, key))
    facts = inspect(small, executor).facts
    if not any(fact.kind is FileKind.CONFIG for fact in facts):
        return None
    facts = (*facts, *inspect(large, executor).facts)
    inventory = Inventory.of(map(examiner.looked_into, facts))
    images = rebuild_images(inventory, known_digests(inventory, (digest,), examiner), (), frozenset(), examiner)
    exact = (image.manifest.exact for image in images)
    return next((blob for blob in exact if blob and blob.digest == digest), None)
