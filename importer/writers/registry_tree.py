"""The storage tree of registry:2.

Source: distribution v2.8.3, registry/storage/paths.go. A link holds exactly the digest: 71 bytes,
no newline (``blobstore.go``, ``readlink``).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

from importer.domain.digest import Digest
from importer.domain.reference import Reference
from importer.domain.storage_paths import (
    BLOBS,
    LAYERS,
    REPOSITORIES,
    STORAGE_PARTS,
    blob_path,
    current_link,
    index_link,
    layer_link,
    revision_link,
)
from importer.places.durability import Durability
from importer.plan.blobs import ProvenBlob
from importer.plan.images import ImagePlan
from importer.progress import Progress
from importer.recovery.documents.referrers import is_listing
from importer.storage_tree.link_text import MAX_LINK_SIZE, read_link_text
from importer.writers.moved_tags import MovedTag, demand_replaceable
from importer.writers.named_image import NamedImage
from importer.writers.referrer_tags import ReferrersListing, listings_of, read_list
from importer.writers.staging import Staging, StagingCapture, blobs_of, is_file_of
from importer.writers.verifying_reader import VerifyingReader
from importer.writers.whole_folder import WholeFolder

_STORAGE: Final = "/".join(STORAGE_PARTS)


class RegistryTree:
    """Writes images into a registry's storage: blobs first, then links, the tag last.

    A new tree, a new repository and a new tag each appear whole. Use it as a context manager: its
    unfinished files are gone at the end. Raises OutputError.
    """

    def __init__(self, root: Path, reader: VerifyingReader, progress: Progress, durability: Durability) -> None:
        self._reader = reader
        self._storage = root / _STORAGE
        self._progress = progress
        self._folder = WholeFolder(root, durability, _rank)

    def __enter__(self) -> RegistryTree:
        self._folder.__enter__()
        self._staging = Staging(self._folder.scratch, self._has_file_for, self._reader)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.__exit__(kind, error, trace)

    def capture(self) -> StagingCapture:
        """A capture that stages wanted blobs while they are read for the first time."""
        return self._staging.capture()

    def moved_tags(self, images: Sequence[NamedImage]) -> tuple[MovedTag, ...]:
        """Tags that the tree has already, for other images."""
        wanted = [
            (name, image.plan.manifest.descriptor.digest)
            for image in images
            if not is_listing(image.plan)
            for name in image.names
        ]
        before = ((name, self._digest_of(name), digest) for name, digest in wanted)
        return tuple(MovedTag(name, was, now) for name, was, now in before if was and was != now)

    def _digest_of(self, name: Reference) -> Digest | None:
        """What a tag names now; a link in which no digest can be read names nothing."""
        path = self._storage / current_link(name.repository, name.tag)
        if not path.is_file():
            return None
        with path.open("rb") as stream:
            return read_link_text(stream.read(MAX_LINK_SIZE)).digest

    def write(self, images: Sequence[NamedImage], *, replace_tags: bool = True) -> None:
        """Write the images; what is there already, and right, is left alone.

        Raises UsageError for tags that another program has given to other images meanwhile, unless they may move.
        """
        blobs = {digest: blob for image in images for digest, blob in blobs_of(image.plan).items()}
        lacking = [blob for blob in blobs.values() if not self._is_there(blob)]
        self._progress.start("Writing", sum(blob.size for blob in lacking if blob.digest not in self._staging))
        self._staging.demand_space(lacking)
        for blob in lacking:
            self._staging.copy_of(blob, self._progress.advance).replace(self._place(blob_path(blob.digest)))
        for image in images:
            for repository in image.repositories:
                self._link_image(image.plan, repository)
            for name in image.names:
                if not is_listing(image.plan):
                    self._tag(name, image.plan.manifest.descriptor.digest)
        listings = listings_of(images, self._reader)
        for listing in listings:
            self._list_referrers(listing)
        if not self._folder.appear():
            with self._folder.alone():
                demand_replaceable(self.moved_tags(images), replace_tags=replace_tags)
                for listing in listings:
                    self._list_referrers(listing)
                self._folder.add()
        self._progress.stop()

    def _is_there(self, blob: ProvenBlob) -> bool:
        path = self._storage / blob_path(blob.digest)
        if not is_file_of(path, blob):
            return False
        self._folder.rely_on(path)
        return True

    def _link_image(self, plan: ImagePlan, repository: str) -> None:
        layers = f"{REPOSITORIES}/{repository}/{LAYERS}"
        if not (self._storage / layers).is_dir():
            self._folder.make(f"{_STORAGE}/{layers}")
        for image in plan.all_images:
            for blob in (*image.layers, image.config_blob):
                if blob and blob.exact:
                    self._link(layer_link(repository, blob.exact.digest), blob.exact.digest)
            digest = image.manifest.descriptor.digest
            self._link(revision_link(repository, digest), digest)

    def _list_referrers(self, listing: ReferrersListing) -> None:
        name = Reference.of_repository(listing.repository, listing.tag)
        before = self._digest_of(name)
        content = listing.merged_into(read_list(self._storage / blob_path(before), before) if before else None)
        digest = Digest.of(content)
        if read_list(self._storage / blob_path(digest), digest):
            self._folder.rely_on(self._storage / blob_path(digest))
        else:
            self._folder.write(f"{_STORAGE}/{blob_path(digest)}", content)
        self._link(revision_link(listing.repository, digest), digest)
        self._tag(name, digest)

    def _tag(self, name: Reference, digest: Digest) -> None:
        self._link(index_link(name.repository, name.tag, digest), digest)
        self._link(current_link(name.repository, name.tag), digest)

    def _link(self, place: str, digest: Digest) -> None:
        path, content = self._storage / place, str(digest).encode()
        if path.is_file() and path.read_bytes() == content:
            self._folder.rely_on(path)
        else:
            self._folder.write(f"{_STORAGE}/{place}", content)

    def _place(self, path: str) -> Path:
        return self._folder.place(f"{_STORAGE}/{path}")

    def _has_file_for(self, digest: Digest, size: int) -> bool:
        target = self._storage / blob_path(digest)
        return target.is_file() and target.stat().st_size == size


def _rank(path: str) -> int:
    """Blobs, links, and last what lets an image be found by its tag."""
    if "/_manifests/tags/" in path and path.endswith("/current/link"):
        return 2
    return 0 if path.startswith(f"{_STORAGE}/{BLOBS}/") else 1
