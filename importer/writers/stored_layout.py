"""An OCI image layout in a store, new or added to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from importer.domain.digest import Digest
from importer.errors import OutputError, UsageError
from importer.formats.documents import read_document
from importer.formats.json_text import TextForm
from importer.places.additions import Additions
from importer.places.changes import WritableStore
from importer.places.durability import Durability
from importer.places.store import Stamp, Store, kind_at, opened_at
from importer.progress import Progress
from importer.writers.moved_tags import MovedTag, demand_replaceable
from importer.writers.named_image import NamedImage
from importer.writers.oci_layout import (
    INDEX_NAME,
    LAYOUT_FILE,
    LAYOUT_NAME,
    ReferrersList,
    blob_name,
    compact_json,
    index_of,
    listed_before,
    merged_index,
    tags_moved,
)
from importer.writers.referrer_tags import ReferrersListing, layout_listings_of, read_list
from importer.writers.staging import Staging, StagingCapture
from importer.writers.verifying_reader import VerifyingReader


class _Present(NamedTuple):
    """The index of a layout as it was read, and the stamp by which that is known again; None where none is."""

    document: dict[str, Any] | None
    stamp: Stamp | None


class StoredLayout:
    """Writes images into a layout: the blobs first, ``index.json`` last.

    Several processes may add to one layout at a time: the images of each get into the index. Raises OutputError,
    and UsageError for an ``index.json`` that can't be added to.
    """

    def __init__(self, store: WritableStore, additions: Additions, reader: VerifyingReader, progress: Progress) -> None:
        self._store = store
        self._additions = additions
        self._reader = reader
        self._progress = progress
        self._staging = Staging(store, additions, blob_name, reader)

    @classmethod
    @contextmanager
    def opened(
        cls, store: WritableStore, reader: VerifyingReader, progress: Progress, durability: Durability
    ) -> Iterator[StoredLayout]:
        """Begin a layout, or add to the one there; what isn't finished is gone at the end."""
        _present(store)
        with store.adding(_rank, durability) as additions:
            yield cls(store, additions, reader, progress)

    def capture(self) -> StagingCapture:
        """A capture that copies wanted blobs while they are read for the first time."""
        return self._staging.capture()

    def moved_tags(self, images: Sequence[NamedImage]) -> tuple[MovedTag, ...]:
        """Names that the layout has already, for other images; raises as the class says."""
        present = _present(self._store).document
        return tags_moved(present, images) if present else ()

    def write(self, images: Sequence[NamedImage], *, replace_tags: bool = True) -> dict[str, Any]:
        """Write the images, and give the index as it is then.

        A blob that is there already, and right, is left alone. Raises UsageError when names that the layout has
        by now, whoever wrote it meanwhile, would move and may not.
        """
        self._staging.add_all_of(images, self._progress)
        if kind_at(self._store, LAYOUT_NAME):
            self._additions.rely_on(LAYOUT_NAME)
        else:
            self._additions.put(LAYOUT_NAME, [LAYOUT_FILE])
        listings = layout_listings_of(images, self._reader)
        index: dict[str, Any] = {}

        def add_index() -> None:
            nonlocal index
            index = self._merge(images, listings, replace_tags=replace_tags)

        self._additions.finish(add_index)
        self._progress.stop()
        return index

    def _merge(
        self, images: Sequence[NamedImage], listings: Sequence[ReferrersListing], *, replace_tags: bool
    ) -> dict[str, Any]:
        """Put the images into the index as it stands now, whoever has written it."""
        present, stamp = _present(self._store)
        demand_replaceable(tags_moved(present, images) if present else (), replace_tags=replace_tags)
        lists = self._add_lists(listings, present)
        index = merged_index(present, images, lists) if present else index_of(images, lists)
        if index == present:
            self._additions.rely_on(INDEX_NAME)
        else:
            self._additions.replace(INDEX_NAME, compact_json(index), stamp)
        return index

    def _add_lists(
        self, listings: Iterable[ReferrersListing], present: Mapping[str, Any] | None
    ) -> tuple[ReferrersList, ...]:
        """The lists of referrers, with what the layout's own have; those that it lacks are added."""
        lists = []
        for listing in listings:
            before = listed_before(present, listing.tag) if present else None
            made = ReferrersList(listing.tag, listing.merged_into(self._list_at(before) if before else None))
            lists.append(made)
            key = blob_name(made.digest)
            if read_list(self._store, key, made.digest):
                self._additions.rely_on(key)
            else:
                self._additions.put(key, [made.content])
        return tuple(lists)

    def _list_at(self, entry: Mapping[str, Any]) -> bytes | None:
        digest = Digest.parse(entry["digest"])
        return read_list(self._store, blob_name(digest), digest)


def _present(store: Store) -> _Present:
    shown = store.shown(INDEX_NAME)
    try:
        opened = opened_at(store, INDEX_NAME)
        if not opened:
            return _Present(None, None)
        with opened.stream as stream:
            document = read_document(stream.read())
    except OSError as error:
        raise OutputError(f"{shown}: can't be read: {error.strerror}") from error
    if not document.index or document.form is not TextForm.UTF8:
        raise UsageError(f"{shown}: isn't the index of an OCI image layout; give a new folder")
    value: dict[str, Any] = document.value
    return _Present(value, opened.stamp)


def _rank(key: str) -> int:
    """The blobs, the file that says what the layout is, and last the index that binds them."""
    return {LAYOUT_NAME: 1, INDEX_NAME: 2}.get(key, 0)
