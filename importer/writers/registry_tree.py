"""The storage tree of registry:2.

Source: distribution v2.8.3, registry/storage/paths.go. A link holds exactly the digest: 71 bytes,
no newline (``blobstore.go``, ``readlink``).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from importer.domain.digest import Digest
from importer.domain.reference import Reference
from importer.domain.storage_paths import (
    LAYERS,
    REPOSITORIES,
    STORAGE_PARTS,
    blob_path,
    current_link,
    index_link,
    layer_link,
    revision_link,
)
from importer.progress import Progress
from importer.recovery.plan import ImagePlan, ProvenBlob
from importer.writers.named_image import NamedImage
from importer.writers.staging import Staging, StagingCapture, blobs_of, is_file_of
from importer.writers.unfinished import (
    FILE_MODE,
    folder_if_used,
    make_folders,
    output_errors,
    unfinished_folder,
    write_blocks,
)


class RegistryTree:
    """Writes images into a registry's storage: blobs first, then links, the tag last.

    Use it as a context manager: its unfinished files are gone at the end. Raises OutputError.
    """

    def __init__(self, root: Path, progress: Progress) -> None:
        self._root = root
        self._storage = root.joinpath(*STORAGE_PARTS)
        self._progress = progress

    def __enter__(self) -> RegistryTree:
        with ExitStack() as stack:
            stack.enter_context(output_errors(self._root))
            stack.enter_context(folder_if_used(self._root))
            folder = stack.enter_context(unfinished_folder(self._root))
            self._staging = Staging(folder, self._has_file_for)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def capture(self) -> StagingCapture:
        """A capture that stages wanted blobs while they are read for the first time."""
        return self._staging.capture()

    def write(self, images: Sequence[NamedImage]) -> None:
        """Write the images; what is there already, and right, is left alone."""
        blobs = {digest: blob for image in images for digest, blob in blobs_of(image.plan).items()}
        self._progress.start("Writing", sum(blob.size for blob in blobs.values() if blob.digest not in self._staging))
        for blob in blobs.values():
            self._place_blob(blob)
        for image in images:
            for repository in image.repositories:
                self._link_image(image.plan, repository)
        for image in images:
            for name in image.names:
                self._tag(image.plan, name)
        self._progress.stop()

    def _place_blob(self, blob: ProvenBlob) -> None:
        target = self._storage / blob_path(blob.digest)
        if not is_file_of(target, blob):
            self._put(self._staging.copy_of(blob, self._progress.advance), target)

    def _link_image(self, plan: ImagePlan, repository: str) -> None:
        make_folders(self._storage / REPOSITORIES / repository / LAYERS, self._root)
        for image in plan.family:
            for blob in (*image.layers, image.config_blob):
                if blob and blob.exact:
                    self._link(layer_link(repository, blob.exact.digest), blob.exact.digest)
            digest = image.manifest.descriptor.digest
            self._link(revision_link(repository, digest), digest)

    def _tag(self, plan: ImagePlan, name: Reference) -> None:
        digest = plan.manifest.descriptor.digest
        self._link(index_link(name.repository, name.tag, digest), digest)
        self._link(current_link(name.repository, name.tag), digest)

    def _link(self, place: str, digest: Digest) -> None:
        path, content = self._storage / place, str(digest).encode()
        if path.is_file() and path.read_bytes() == content:
            return
        unfinished = self._staging.new_path()
        write_blocks(unfinished, [content])
        self._put(unfinished, path)

    def _put(self, unfinished: Path, target: Path) -> None:
        make_folders(target.parent, self._root)
        unfinished.chmod(FILE_MODE)
        unfinished.replace(target)

    def _has_file_for(self, digest: Digest, size: int) -> bool:
        target = self._storage / blob_path(digest)
        return target.is_file() and target.stat().st_size == size
