"""An OCI image layout as a folder, new or added to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from importer.domain.digest import Digest
from importer.errors import OutputError, UsageError
from importer.formats.documents import read_document
from importer.formats.json_text import TextForm
from importer.places.durability import Durability
from importer.plan.blobs import ProvenBlob
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
from importer.writers.staging import Staging, StagingCapture, blobs_of, is_file_of
from importer.writers.verifying_reader import VerifyingReader
from importer.writers.whole_folder import WholeFolder


class OciFolder:
    """Writes images into a layout: the blobs first, ``index.json`` last.

    Several processes may add to one layout at a time: the images of each get into the index. Use it as
    a context manager: its unfinished files are gone at the end. Raises OutputError, and UsageError for
    a folder whose ``index.json`` can't be added to.
    """

    def __init__(self, target: Path, reader: VerifyingReader, progress: Progress, durability: Durability) -> None:
        self._reader = reader
        self._target = target
        self._progress = progress
        _present_index(target / INDEX_NAME)
        self._folder = WholeFolder(target, durability, _rank)

    def __enter__(self) -> OciFolder:
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
        """Names that the layout has already, for other images; raises as the class says."""
        present = _present_index(self._target / INDEX_NAME)
        return tags_moved(present, images) if present else ()

    def write(self, images: Sequence[NamedImage], *, replace_tags: bool = True) -> dict[str, Any]:
        """Write the images, and give the index as it is then.

        A blob that is there already, and right, is left alone. Raises UsageError when names that the layout has
        by now, whoever wrote it meanwhile, would move and may not.
        """
        blobs = {digest: blob for image in images for digest, blob in blobs_of(image.plan).items()}
        wanted = [blob for blob in blobs.values() if not self._is_there(blob)]
        self._progress.start("Writing", sum(blob.size for blob in wanted if blob.digest not in self._staging))
        self._staging.demand_space(wanted)
        for blob in wanted:
            copy = self._staging.copy_of(blob, self._progress.advance)
            copy.replace(self._folder.place(blob_name(blob.digest)))
        if (self._target / LAYOUT_NAME).exists():
            self._folder.rely_on(self._target / LAYOUT_NAME)
        else:
            self._folder.write(LAYOUT_NAME, LAYOUT_FILE)
        listings = layout_listings_of(images, self._reader)
        lists = self._write_lists(listings, None)
        index = index_of(images, lists)
        if not self._target.exists():
            self._folder.write(INDEX_NAME, compact_json(index))
        if not self._folder.appear():
            index = self._add(images, listings, replace_tags=replace_tags)
        self._progress.stop()
        return index

    def _add(
        self, images: Sequence[NamedImage], listings: Sequence[ReferrersListing], *, replace_tags: bool
    ) -> dict[str, Any]:
        """Put the blobs into their places and the images into the index as it stands now, whoever has written it."""
        with self._folder.alone():
            present = _present_index(self._target / INDEX_NAME)
            demand_replaceable(tags_moved(present, images) if present else (), replace_tags=replace_tags)
            lists = self._write_lists(listings, present)
            index = merged_index(present, images, lists) if present else index_of(images, lists)
            if index != present:
                self._folder.write(INDEX_NAME, compact_json(index))
            else:
                self._folder.discard(INDEX_NAME)
                self._folder.rely_on(self._target / INDEX_NAME)
            self._folder.add()
            return index

    def _write_lists(
        self, listings: Iterable[ReferrersListing], present: Mapping[str, Any] | None
    ) -> tuple[ReferrersList, ...]:
        """The lists of referrers, with what the layout's own have; those that it lacks are written."""
        lists = []
        for listing in listings:
            before = listed_before(present, listing.tag) if present else None
            made = ReferrersList(listing.tag, listing.merged_into(self._list_at(before) if before else None))
            lists.append(made)
            path = self._target / blob_name(made.digest)
            if read_list(path, made.digest):
                self._folder.rely_on(path)
            else:
                self._folder.write(blob_name(made.digest), made.content)
        return tuple(lists)

    def _list_at(self, entry: Mapping[str, Any]) -> bytes | None:
        digest = Digest.parse(entry["digest"])
        return read_list(self._target / blob_name(digest), digest)

    def _is_there(self, blob: ProvenBlob) -> bool:
        path = self._target / blob_name(blob.digest)
        if not is_file_of(path, blob):
            return False
        self._folder.rely_on(path)
        return True

    def _has_file_for(self, digest: Digest, size: int) -> bool:
        path = self._target / blob_name(digest)
        return path.is_file() and path.stat().st_size == size


def _present_index(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    try:
        document = read_document(path.read_bytes())
    except OSError as error:
        raise OutputError(f"{path}: can't be read: {error.strerror}") from error
    if not document.index or document.form is not TextForm.UTF8:
        raise UsageError(f"{path}: isn't the index of an OCI image layout; give a new folder")
    value: dict[str, Any] = document.value
    return value


def _rank(path: str) -> int:
    """The blobs, the file that says what the folder is, and last the index that binds them."""
    return {LAYOUT_NAME: 1, INDEX_NAME: 2}.get(path, 0)
