"""The storage tree of registry:2.

Source: distribution v2.8.3, registry/storage/paths.go. A link holds exactly the digest: 71 bytes,
no newline (``blobstore.go``, ``readlink``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

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
from importer.places.additions import Additions
from importer.places.changes import WritableStore
from importer.places.durability import Durability
from importer.places.store import EntryKind, Stamp, kind_at, opened_at
from importer.plan.images import ImagePlan
from importer.progress import Progress
from importer.recovery.documents.referrers import is_listing
from importer.storage_tree.link_text import MAX_LINK_SIZE, read_link_text
from importer.writers.moved_tags import MovedTag, demand_replaceable
from importer.writers.named_image import NamedImage
from importer.writers.referrer_tags import ReferrersListing, listings_of, read_list
from importer.writers.staging import Staging, StagingCapture
from importer.writers.verifying_reader import VerifyingReader

_STORAGE: Final = "/".join(STORAGE_PARTS)


class _Link(NamedTuple):
    """A link of the tree: its bytes, and the stamp by which it is known again; nothing and None where none is."""

    content: bytes
    stamp: Stamp | None

    @property
    def digest(self) -> Digest | None:
        """What it names; a link in which no digest can be read names nothing."""
        return read_link_text(self.content).digest if self.content else None


_NO_LINK: Final = _Link(b"", None)


class RegistryTree:
    """Writes images into a registry's storage: blobs first, then links, the tags last.

    A new tree, a new repository and a new tag each appear whole. Raises OutputError.
    """

    def __init__(self, store: WritableStore, additions: Additions, reader: VerifyingReader, progress: Progress) -> None:
        self._store = store
        self._additions = additions
        self._reader = reader
        self._progress = progress
        self._staging = Staging(store, additions, _blob_key, reader)

    @classmethod
    @contextmanager
    def opened(
        cls, store: WritableStore, reader: VerifyingReader, progress: Progress, durability: Durability
    ) -> Iterator[RegistryTree]:
        """Begin a tree in a store, or add to the one there; what isn't finished is gone at the end."""
        with store.adding(_rank, durability) as additions:
            yield cls(store, additions, reader, progress)

    def capture(self) -> StagingCapture:
        """A capture that copies wanted blobs while they are read for the first time."""
        return self._staging.capture()

    def moved_tags(self, images: Iterable[NamedImage]) -> tuple[MovedTag, ...]:
        """Tags that the tree has already, for other images."""
        tags = _tags_of(images)
        return _moved(tags, self._links_of(tags))

    def write(self, images: Sequence[NamedImage], *, replace_tags: bool = True) -> None:
        """Write the images; what is there already, and right, is left alone.

        Raises UsageError for tags that another program has given to other images meanwhile, unless they may move.
        """
        self._staging.add_all_of(images, self._progress)
        repositories = {repository for image in images for repository in image.repositories}
        new = {repository for repository in repositories if kind_at(self._store, _repository_key(repository)) is None}
        for image in images:
            for repository in image.repositories:
                self._link_image(image.plan, repository, is_new=repository in new)
        tags = _tags_of(images)
        listings = listings_of(images, self._reader)

        def add_tags() -> None:
            links = self._links_of(tags)
            demand_replaceable(_moved(tags, links), replace_tags=replace_tags)
            for name, digest in tags.items():
                self._tag(name, digest, links[name])
            for listing in listings:
                self._list_referrers(listing)

        self._additions.finish(add_tags)
        self._progress.stop()

    def _links_of(self, tags: Iterable[Reference]) -> Mapping[Reference, _Link]:
        return {name: self._link_at(_current_key(name)) for name in tags}

    def _link_at(self, key: str) -> _Link:
        opened = opened_at(self._store, key)
        if not opened:
            return _NO_LINK
        with opened.stream as stream:
            return _Link(stream.read(MAX_LINK_SIZE), opened.stamp)

    def _link_image(self, plan: ImagePlan, repository: str, *, is_new: bool) -> None:
        layers = f"{_repository_key(repository)}/{LAYERS}"
        if self._store.has_folders and kind_at(self._store, layers) is not EntryKind.FOLDER:
            self._additions.make_folder(layers)
        for image in plan.all_images:
            for blob in (*image.layers, image.config_blob):
                if blob and blob.exact:
                    self._link(layer_link(repository, blob.exact.digest), blob.exact.digest, is_new=is_new)
            digest = image.manifest.descriptor.digest
            self._link(revision_link(repository, digest), digest, is_new=is_new)

    def _list_referrers(self, listing: ReferrersListing) -> None:
        name = Reference.of_repository(listing.repository, listing.tag)
        link = self._link_at(_current_key(name))
        before = link.digest
        content = listing.merged_into(read_list(self._store, _blob_key(before), before) if before else None)
        digest = Digest.of(content)
        if read_list(self._store, _blob_key(digest), digest):
            self._additions.rely_on(_blob_key(digest))
        else:
            self._additions.put(_blob_key(digest), [content])
        self._link(revision_link(listing.repository, digest), digest)
        self._tag(name, digest, link)

    def _tag(self, name: Reference, digest: Digest, current: _Link) -> None:
        self._link(index_link(name.repository, name.tag, digest), digest)
        self._add_link(_current_key(name), digest, current)

    def _link(self, path: str, digest: Digest, *, is_new: bool = False) -> None:
        key = f"{_STORAGE}/{path}"
        self._add_link(key, digest, _NO_LINK if is_new else self._link_at(key))

    def _add_link(self, key: str, digest: Digest, there: _Link) -> None:
        content = str(digest).encode()
        if there.content == content:
            self._additions.rely_on(key)
        else:
            self._additions.replace(key, content, there.stamp)


def _tags_of(images: Iterable[NamedImage]) -> dict[Reference, Digest]:
    """The tags of the images themselves; those of lists of referrers are merged with what is there."""
    return {
        name: image.plan.manifest.descriptor.digest
        for image in images
        if not is_listing(image.plan)
        for name in image.names
    }


def _moved(tags: Mapping[Reference, Digest], links: Mapping[Reference, _Link]) -> tuple[MovedTag, ...]:
    before = ((name, links[name].digest, digest) for name, digest in tags.items())
    return tuple(MovedTag(name, was, now) for name, was, now in before if was and was != now)


def _blob_key(digest: Digest) -> str:
    return f"{_STORAGE}/{blob_path(digest)}"


def _repository_key(repository: str) -> str:
    return f"{_STORAGE}/{REPOSITORIES}/{repository}"


def _current_key(name: Reference) -> str:
    return f"{_STORAGE}/{current_link(name.repository, name.tag)}"


def _rank(key: str) -> int:
    """Blobs, links, and last what lets an image be found by its tag."""
    if "/_manifests/tags/" in key and key.endswith("/current/link"):
        return 2
    return 0 if key.startswith(f"{_STORAGE}/{BLOBS}/") else 1
