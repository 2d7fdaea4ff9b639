"""An OCI image layout: a folder, or an archive of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from importer.domain import media_types
from importer.domain.reference import Reference
from importer.errors import UsageError
from importer.places.durability import Durability
from importer.places.named import AnyPath, on_disk, place_of
from importer.places.store import EntryKind, Store, kind_at
from importer.plan.images import Plan
from importer.progress import Progress
from importer.words.printable import for_shell
from importer.writers.destination import OpenDestination, Outcome
from importer.writers.moved_tags import MovedTag
from importer.writers.named_image import NamedImage
from importer.writers.oci_layout import INDEX_NAME, LAYOUT_NAME, ReferrersList, index_of, layout_members, short_name_in
from importer.writers.output_places import check_file_place, check_outside, strangers_in
from importer.writers.outputs import OCI_LAYOUT
from importer.writers.referrer_tags import layout_listings_of
from importer.writers.selection import Choice, Selection, choose
from importer.writers.staging import StagingCapture
from importer.writers.stored_layout import StoredLayout
from importer.writers.tar_file import TarCapture, TarFile
from importer.writers.verifying_reader import VerifyingReader

_OCI_TYPES: Final = frozenset({media_types.OCI_MANIFEST, media_types.OCI_INDEX})


@dataclass(frozen=True, slots=True)
class OciLayout:
    """A layout for skopeo, podman, umoci and others; a folder may be there already, and is added to.

    Attributes:
        path: the folder, or the part of a bucket; a file's name that ends with ``.tar`` makes an archive.
        replace_tags: whether names that the layout has already may mean other images than before.
        oci_media_types: whether docker's media types become OCI's, which gives new manifest digests.
        sync: whether all is on the disk before it is called done.
    """

    path: AnyPath
    replace_tags: bool = False
    oci_media_types: bool = False
    sync: bool = True

    @property
    def is_archive(self) -> bool:
        """Whether one file is written, and no folder."""
        return self._archive is not None

    @property
    def _archive(self) -> Path | None:
        path = on_disk(place_of(self.path))
        return path if path and path.suffix == ".tar" and not path.is_dir() else None

    def check(self, inputs: Iterable[Store]) -> None:
        """Raise UsageError when the place is none to write to."""
        if self._archive:
            check_file_place(self._archive, inputs)
            return
        store = place_of(self.path)
        if not on_disk(store) and store.name.endswith(".tar"):
            raise UsageError(f"{store.shown('')}: a bucket takes no archive; omit .tar to write a layout")
        _check_place(store, inputs)

    @contextmanager
    def opened(self, reader: VerifyingReader, progress: Progress) -> Iterator[OpenStoredLayout | OpenLayoutArchive]:
        """Begin a layout beside its place; raises OutputError, and UsageError for an index that can't be added to."""
        durability = Durability(is_wanted=self.sync)
        if self._archive:
            with TarFile(self._archive, reader, progress, durability) as tar:
                yield OpenLayoutArchive(self, reader, tar)
        else:
            with StoredLayout.opened(place_of(self.path), reader, progress, durability) as stored:
                yield OpenStoredLayout(self, reader, stored)

    def chosen(self, plan: Plan, choice: Choice, reader: VerifyingReader) -> Selection:
        """The images whose manifests can be written."""
        return choose(plan, replace(choice, oci_media_types=self.oci_media_types), OCI_LAYOUT, reader)


class OpenStoredLayout(OpenDestination[Outcome]):
    """The folder, before anything of it is seen."""

    def __init__(self, layout: OciLayout, reader: VerifyingReader, stored: StoredLayout) -> None:
        self._layout = layout
        self._reader = reader
        self._stored = stored

    def capture(self) -> StagingCapture:
        """Stages wanted blobs while they are first read."""
        return self._stored.capture()

    def choose(self, plan: Plan, choice: Choice) -> Selection:
        """The images whose manifests can be written."""
        return self._layout.chosen(plan, choice, self._reader)

    def moved_tags(self, images: Sequence[NamedImage]) -> tuple[MovedTag, ...]:
        """The names that the layout has already, for other images."""
        return self._stored.moved_tags(images)

    def write(self, images: Sequence[NamedImage]) -> Outcome:
        """Write the images; raises UsageError for names that moved meanwhile and may not."""
        index = self._stored.write(images, replace_tags=self._layout.replace_tags)
        return _outcome(self._layout, images[0], index)


class OpenLayoutArchive(OpenDestination[Outcome]):
    """The archive, before it has its name."""

    def __init__(self, layout: OciLayout, reader: VerifyingReader, tar: TarFile) -> None:
        self._layout = layout
        self._reader = reader
        self._tar = tar

    def capture(self) -> TarCapture:
        """Puts blobs at their places in the archive while they are first read."""
        return self._tar.capture()

    def choose(self, plan: Plan, choice: Choice) -> Selection:
        """The images whose manifests can be written."""
        return self._layout.chosen(plan, choice, self._reader)

    def write(self, images: Sequence[NamedImage]) -> Outcome:
        """Write the archive and give it its name."""
        lists = [ReferrersList(each.tag, each.merged_into(None)) for each in layout_listings_of(images, self._reader)]
        self._tar.write(layout_members(images, lists))
        return _outcome(self._layout, images[0], index_of(images, lists))


def _outcome(layout: OciLayout, image: NamedImage, index: dict[str, Any]) -> Outcome:
    """How to copy an image on, by what skopeo finds it in the layout's index."""
    name = image.names[0] if image.names else None
    is_alone = len(index["manifests"]) == 1
    if not name and not is_alone:
        return Outcome("skopeo and umoci find the image when it has a --name")
    place = place_of(layout.path)
    shown = place.shown("")
    scan = f"blobfix scan {for_shell(shown)}"
    if not on_disk(place):
        return Outcome("scan it:", (scan,), remarks=("skopeo and podman read it when it is copied to a folder",))
    path = shown.replace(":", "_")
    # A place with one image is told without its tag, which old skopeos find only with OCI's media types.
    tag = f":{short_name_in(index, name)}" if name and not is_alone else ""
    source = for_shell(f"{'oci-archive' if layout.is_archive else 'oci'}:{path}{tag}")
    target = f"docker://{name.host if name and name.host else 'REGISTRY'}/{_in_registry(name)}"
    copying = f"skopeo copy --all {source} {target}"
    remarks = []
    if path != shown:
        remarks.append(f"skopeo doesn't accept a colon in a path: first rename it to {path}")
    if tag and image.plan.manifest.descriptor.media_type not in _OCI_TYPES:
        remarks.append("skopeo before 1.19 finds this image only in a layout that was written with --oci-media-types")
    if name and name.host and path == shown:
        return Outcome("copy it to its registry:", (copying,), remarks=tuple(remarks))
    # Which registry it is for, nobody has said: a command with a gap in it can't be pasted.
    remarks.insert(0, f"{copying} copies it to a registry")
    return Outcome("scan it:", (scan,), tuple(remarks))


def _in_registry(name: Reference | None) -> str:
    return f"{name.repository}:{name.tag}" if name else "NAME:TAG"


def _check_place(store: Store, inputs: Iterable[Store]) -> None:
    """An OCI image layout goes into a new or empty folder, or into one that is a layout already."""
    check_outside(store, inputs)
    kind, target = kind_at(store, ""), store.shown("")
    if kind is None:
        return
    if kind is not EntryKind.FOLDER:
        raise UsageError(f"{target}: is a file; give a folder, or a file whose name ends with .tar")
    # A kill between the last moves leaves blobs without an index: such a folder may be finished.
    strangers = [name for name in strangers_in(store) if name != "blobs"]
    # Asked afterwards: another process may be writing the layout right now.
    is_layout = any(kind_at(store, name) is EntryKind.FILE for name in (LAYOUT_NAME, INDEX_NAME))
    if strangers and not is_layout:
        raise UsageError(
            f"{target}: the folder is not empty and is not an OCI image layout ({strangers[0]} is there); "
            "give a new or empty folder, or a layout to add to"
        )
