"""Blobs on their way to an output that keeps each under a key of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from importer.domain.digest import Digest
from importer.inspection.file_facts import BlockSink, FileFacts
from importer.places.additions import Additions, Upload
from importer.places.byte_streams import blocks_of_stream
from importer.places.changes import WritableStore
from importer.places.store import EntryKind, Store, kind_at, status_at
from importer.plan.blobs import ProvenBlob
from importer.plan.images import ImagePlan
from importer.progress import Progress
from importer.sources.source_file import SourceFile
from importer.writers.named_image import NamedImage
from importer.writers.verifying_reader import VerifyingReader

KeyOf = Callable[[Digest], str]
"""Where an output keeps a blob."""


def blobs_of(plan: ImagePlan) -> dict[Digest, ProvenBlob]:
    """Everything of an image, and of an index's children, whose bytes are here."""
    return {blob.exact.digest: blob.exact for image in plan.all_images for blob in image.all_blobs if blob.exact}


class Staging:
    """Adds blobs to a store, of which some were copied when they were first read.

    Args:
        store: the output.
        additions: what is added to it.
        key_of: where it keeps blobs.
        reader: reads those that weren't copied.
    """

    def __init__(self, store: WritableStore, additions: Additions, key_of: KeyOf, reader: VerifyingReader) -> None:
        self._store = store
        self._additions = additions
        self._key_of = key_of
        self._reader = reader
        self._uploads: dict[Digest, Upload] = {}

    def capture(self) -> StagingCapture:
        """A capture that copies wanted blobs while they are read for the first time."""
        return StagingCapture(self, self._store)

    def begin(self, wanted: Iterable[Digest]) -> Upload:
        """Begin a copy of what may be one of these blobs."""
        return self._additions.begin([self._key_of(digest) for digest in wanted])

    def note(self, digest: Digest, upload: Upload) -> None:
        """Remember a whole copy of a blob whose digest was proven while it was made."""
        self._uploads[digest] = upload

    def has_some(self, digest: Digest, size: int) -> bool:
        """Whether the output holds an object of that size (bytes) for the blob already, right or wrong."""
        return _has_some(self._store, self._key_of(digest), size)

    def add_all_of(self, images: Iterable[NamedImage], progress: Progress) -> None:
        """Add the blobs of the images; those that are there already, and right, are relied upon.

        Raises OutputError, also when they can't fit, and what ``VerifyingReader.blocks`` raises.
        """
        blobs = {digest: blob for image in images for digest, blob in blobs_of(image.plan).items()}
        # A new place need not be asked for each of them.
        is_new = kind_at(self._store, "") is None
        lacking = [blob for blob in blobs.values() if is_new or not self._is_there(blob)]
        size = sum(blob.size for blob in lacking if blob.digest not in self._uploads)
        progress.start("Writing", size)
        self._store.demand_space(size)
        for blob in lacking:
            key = self._key_of(blob.digest)
            if blob.digest in self._uploads:
                self._uploads[blob.digest].keep(key)
            else:
                self._additions.put(key, self._reader.blocks(blob, progress.advance))

    def _is_there(self, blob: ProvenBlob) -> bool:
        key = self._key_of(blob.digest)
        if not _has_some(self._store, key, blob.size):
            return False
        hashed = hashlib.new(blob.digest.algorithm)
        with self._store.open(key).stream as stream:
            for block in blocks_of_stream(stream):
                hashed.update(block)
        if hashed.hexdigest() != blob.digest.hex:
            return False
        self._additions.rely_on(key)
        return True


def _has_some(store: Store, key: str, size: int) -> bool:
    status = status_at(store, key)
    return status is not None and status.kind is EntryKind.FILE and status.size == size


class StagingCapture:
    """Copies files of a wanted size while they are inspected."""

    def __init__(self, staging: Staging, store: WritableStore) -> None:
        self._staging = staging
        self._store = store
        self._wanted: dict[int, set[Digest]] = {}

    def expect(self, facts: Iterable[FileFacts]) -> None:
        """Note the sizes of all blobs that the manifests want and the output lacks.

        If there isn't room for all, none is copied before the plan says which of them are to be written.
        """
        is_new = kind_at(self._store, "") is None
        for fact in facts:
            manifest = fact.document.manifest if fact.document else None
            for blob in manifest.blobs if manifest else ():
                if is_new or not self._staging.has_some(blob.digest, blob.size):
                    self._wanted.setdefault(blob.size, set()).add(blob.digest)
        if not self._store.has_space(sum(size * len(digests) for size, digests in self._wanted.items())):
            self._wanted.clear()

    def sink_for(self, file: SourceFile) -> BlockSink | None:
        """A place for a copy of any file that may, by its size, be a wanted blob."""
        wanted = self._wanted.get(file.size)
        return _StagingSink(self._staging, frozenset(wanted)) if wanted else None


class _StagingSink:
    def __init__(self, staging: Staging, wanted: frozenset[Digest]) -> None:
        self._staging = staging
        self._wanted = wanted
        self._upload = staging.begin(wanted)

    def write(self, block: memoryview) -> None:
        self._upload.write(block)

    def close(self, digest: Digest | None) -> None:
        if digest not in self._wanted:
            self._upload.drop()
            return
        self._upload.close()
        self._staging.note(digest, self._upload)
