"""The storage tree of registry:2.

Source: distribution v2.8.3, registry/storage/paths.go. A link holds exactly the digest: 71 bytes,
no newline (``blobstore.go``, ``readlink``).
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final

from importer.domain.digest import Digest
from importer.domain.reference import Reference
from importer.inspection.file_facts import BlockSink, FileFacts
from importer.progress import Progress
from importer.recovery.plan import ImagePlan, ProvenBlob
from importer.sources.source_file import SourceFile
from importer.writers.named_image import NamedImage
from importer.writers.unfinished import (
    FILE_MODE,
    folder_if_used,
    make_folders,
    output_errors,
    unfinished_folder,
    write_all,
    write_blocks,
)
from importer.writers.verifying_reader import verified_blocks

STORAGE: Final = Path("docker") / "registry" / "v2"
"""Where a registry's data begin below its root directory."""


def blob_path(digest: Digest) -> Path:
    """Where a blob lies below ``STORAGE``."""
    return Path("blobs") / digest.algorithm / digest.hex[:2] / digest.hex / "data"


class RegistryTree:
    """Writes images into a registry's storage: blobs first, then links, the tag last.

    Use it as a context manager: its unfinished files are gone at the end. Raises OutputError.
    """

    def __init__(self, root: Path, progress: Progress) -> None:
        self._root = root
        self._storage = root / STORAGE
        self._progress = progress
        self._staged: dict[Digest, Path] = {}
        self._count = itertools.count()

    def __enter__(self) -> RegistryTree:
        with ExitStack() as stack:
            stack.enter_context(output_errors(self._root))
            stack.enter_context(folder_if_used(self._root))
            self._folder = stack.enter_context(unfinished_folder(self._root))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def capture(self) -> TreeCapture:
        """A capture that stages wanted blobs while they are read for the first time."""
        return TreeCapture(self)

    def write(self, images: Sequence[NamedImage]) -> None:
        """Write the images; what is there already, and right, is left alone."""
        blobs = {blob.digest: blob for image in images for blob in _blobs_of(image.plan)}
        self._progress.start("Writing", sum(blob.size for blob in blobs.values() if blob.digest not in self._staged))
        for blob in blobs.values():
            self._place_blob(blob)
        for image in images:
            for repository in dict.fromkeys(name.repository for name in image.names):
                self._link_image(image.plan, repository)
        for image in images:
            for name in image.names:
                self._tag(image.plan, name)
        self._progress.stop()

    def _place_blob(self, blob: ProvenBlob) -> None:
        target = self._storage / blob_path(blob.digest)
        if self._is_there(target, blob):
            return
        staged = self._staged.get(blob.digest)
        if staged is None:
            staged = self.unfinished_path()
            write_blocks(staged, verified_blocks(blob, self._progress.advance))
        self._put(staged, target)

    def _is_there(self, target: Path, blob: ProvenBlob) -> bool:
        if not target.is_file() or target.stat().st_size != blob.size:
            return False
        with target.open("rb") as stream:
            return hashlib.file_digest(stream, blob.digest.algorithm).hexdigest() == blob.digest.hex

    def _link_image(self, plan: ImagePlan, repository: str) -> None:
        below = self._storage / "repositories" / repository
        make_folders(below / "_layers", self._root)
        for image in plan.family:
            for blob in (*image.layers, image.config_blob):
                if blob and blob.exact:
                    digest = blob.exact.digest
                    self._link(below / "_layers" / digest.algorithm / digest.hex / "link", digest)
            digest = image.manifest.descriptor.digest
            self._link(below / "_manifests" / "revisions" / digest.algorithm / digest.hex / "link", digest)

    def _tag(self, plan: ImagePlan, name: Reference) -> None:
        digest = plan.manifest.descriptor.digest
        tag = self._storage / "repositories" / name.repository / "_manifests" / "tags" / name.tag
        self._link(tag / "index" / digest.algorithm / digest.hex / "link", digest)
        self._link(tag / "current" / "link", digest)

    def _link(self, path: Path, digest: Digest) -> None:
        content = str(digest).encode()
        if path.is_file() and path.read_bytes() == content:
            return
        unfinished = self.unfinished_path()
        write_blocks(unfinished, [content])
        self._put(unfinished, path)

    def _put(self, unfinished: Path, target: Path) -> None:
        make_folders(target.parent, self._root)
        unfinished.chmod(FILE_MODE)
        unfinished.replace(target)

    def unfinished_path(self) -> Path:
        """A new name for a file that isn't whole yet."""
        return self._folder / str(next(self._count))

    def stage(self, digest: Digest, path: Path) -> None:
        """Remember a whole copy of a blob whose digest was proven while it was made."""
        self._staged[digest] = path

    def has_file_for(self, digest: Digest, size: int) -> bool:
        """Whether the tree holds a file of that size for the blob, right or wrong."""
        target = self._storage / blob_path(digest)
        return target.is_file() and target.stat().st_size == size


class TreeCapture:
    """Copies files of a wanted size into the tree while they are inspected."""

    def __init__(self, tree: RegistryTree) -> None:
        self._tree = tree
        self._wanted: dict[int, set[Digest]] = {}

    def expect(self, facts: Iterable[FileFacts]) -> None:
        """Note the sizes of all blobs that the manifests want and the tree lacks."""
        for fact in facts:
            manifest = fact.document.manifest if fact.document else None
            for blob in manifest.blobs if manifest else ():
                if not self._tree.has_file_for(blob.digest, blob.size):
                    self._wanted.setdefault(blob.size, set()).add(blob.digest)

    def sink_for(self, file: SourceFile) -> BlockSink | None:
        """A place for a copy of any file that may, by its size, be a wanted blob."""
        wanted = self._wanted.get(file.size)
        return _StagingSink(self._tree, frozenset(wanted)) if wanted else None


class _StagingSink:
    def __init__(self, tree: RegistryTree, wanted: frozenset[Digest]) -> None:
        self._tree = tree
        self._wanted = wanted
        self._path = tree.unfinished_path()
        with output_errors(self._path):
            self._stream = self._path.open("xb", buffering=0)

    def write(self, block: memoryview) -> None:
        with output_errors(self._path):
            write_all(self._stream.fileno(), block)

    def close(self, digest: Digest | None) -> None:
        self._stream.close()
        if digest in self._wanted:
            self._tree.stage(digest, self._path)
        else:
            self._path.unlink()


def _blobs_of(plan: ImagePlan) -> Iterable[ProvenBlob]:
    for image in plan.family:
        for blob in image.all_blobs:
            if blob.exact:
                yield blob.exact
