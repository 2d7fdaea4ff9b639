"""Whole copies of blobs on their way to an output that is a folder."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable
from pathlib import Path

from importer.domain.digest import Digest
from importer.inspection.file_facts import BlockSink, FileFacts
from importer.places.space import demand_space, has_space
from importer.places.unfinished import output_errors, write_all, write_blocks
from importer.plan.blobs import ProvenBlob
from importer.plan.images import ImagePlan
from importer.sources.source_file import SourceFile
from importer.writers.verifying_reader import Advance, VerifyingReader

HasFileFor = Callable[[Digest, int], bool]
"""Whether the output holds a file of that size (bytes) for the blob already, right or wrong."""


def blobs_of(plan: ImagePlan) -> dict[Digest, ProvenBlob]:
    """Everything of an image, and of an index's children, whose bytes are here."""
    return {blob.exact.digest: blob.exact for image in plan.all_images for blob in image.all_blobs if blob.exact}


def is_file_of(path: Path, blob: ProvenBlob) -> bool:
    """Whether a file is there and has the blob's bytes."""
    if not path.is_file() or path.stat().st_size != blob.size:
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, blob.digest.algorithm).hexdigest() == blob.digest.hex


class Staging:
    """A folder of unfinished files, on the file system of the output, so that a move finishes one."""

    def __init__(self, folder: Path, has_file_for: HasFileFor, reader: VerifyingReader) -> None:
        self._folder = folder
        self._reader = reader
        self._has_file_for = has_file_for
        self._count = itertools.count()
        self._staged: dict[Digest, Path] = {}

    def __contains__(self, digest: Digest) -> bool:
        return digest in self._staged

    def capture(self) -> StagingCapture:
        """A capture that stages wanted blobs while they are read for the first time."""
        return StagingCapture(self, self._has_file_for)

    def new_path(self) -> Path:
        """A new name for a file that isn't whole yet."""
        return self._folder / str(next(self._count))

    def keep(self, digest: Digest, path: Path) -> None:
        """Remember a whole copy of a blob whose digest was proven while it was made."""
        self._staged[digest] = path

    def demand_space(self, blobs: Iterable[ProvenBlob]) -> None:
        """Raise OutputError when what isn't copied yet can't fit."""
        with output_errors(self._folder):
            demand_space(self._folder.parent, sum(blob.size for blob in blobs if blob.digest not in self._staged))

    def has_space(self, size: int) -> bool:
        """Whether so many bytes may fit."""
        return has_space(self._folder, size)

    def copy_of(self, blob: ProvenBlob, advance: Advance) -> Path:
        """A whole copy of the blob, to be moved to its place."""
        if blob.digest not in self._staged:
            path = self.new_path()
            write_blocks(path, self._reader.blocks(blob, advance))
            self.keep(blob.digest, path)
        return self._staged[blob.digest]


class StagingCapture:
    """Copies files of a wanted size while they are inspected."""

    def __init__(self, staging: Staging, has_file_for: HasFileFor) -> None:
        self._staging = staging
        self._has_file_for = has_file_for
        self._wanted: dict[int, set[Digest]] = {}

    def expect(self, facts: Iterable[FileFacts]) -> None:
        """Note the sizes of all blobs that the manifests want and the output lacks.

        If there isn't room for all, none is copied before the plan says which of them are to be written.
        """
        for fact in facts:
            manifest = fact.document.manifest if fact.document else None
            for blob in manifest.blobs if manifest else ():
                if not self._has_file_for(blob.digest, blob.size):
                    self._wanted.setdefault(blob.size, set()).add(blob.digest)
        with output_errors(self._staging.new_path()):
            if not self._staging.has_space(sum(size * len(digests) for size, digests in self._wanted.items())):
                self._wanted.clear()

    def sink_for(self, file: SourceFile) -> BlockSink | None:
        """A place for a copy of any file that may, by its size, be a wanted blob."""
        wanted = self._wanted.get(file.size)
        return _StagingSink(self._staging, frozenset(wanted)) if wanted else None


class _StagingSink:
    def __init__(self, staging: Staging, wanted: frozenset[Digest]) -> None:
        self._staging = staging
        self._wanted = wanted
        self._path = staging.new_path()
        with output_errors(self._path):
            self._stream = self._path.open("xb", buffering=0)

    def write(self, block: memoryview) -> None:
        with output_errors(self._path):
            write_all(self._stream.fileno(), block)

    def close(self, digest: Digest | None) -> None:
        with output_errors(self._path):
            self._stream.close()
            if digest not in self._wanted:
                self._path.unlink()
                return
        self._staging.keep(digest, self._path)
