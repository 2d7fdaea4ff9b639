"""An OCI image layout: a folder, or an archive of one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from importer.places.durability import Durability
from importer.plan.fidelity import Output
from importer.plan.images import Plan
from importer.progress import Progress
from importer.writers.moved_tags import MovedTag
from importer.writers.named_image import NamedImage
from importer.writers.oci_folder import OciFolder
from importer.writers.oci_layout import ReferrersList, index_of, layout_members
from importer.writers.output_places import check_file_place, check_layout_place
from importer.writers.referrer_tags import layout_listings_of
from importer.writers.selection import Choice, Selection, choose
from importer.writers.staging import StagingCapture
from importer.writers.tar_file import TarCapture, TarFile
from importer.writers.verifying_reader import VerifyingReader


@dataclass(frozen=True, slots=True)
class OciLayout:
    """A layout for skopeo, podman, umoci and others; a folder may be there already, and is added to.

    Attributes:
        path: the folder; a name that ends with ``.tar`` makes an archive.
        replace_tags: whether names that the layout has already may mean other images than before.
        oci_media_types: whether docker's media types become OCI's, which gives new manifest digests.
        sync: whether all is on the disk before it is called done.
    """

    path: str | os.PathLike[str]
    replace_tags: bool = False
    oci_media_types: bool = False
    sync: bool = True

    @property
    def is_archive(self) -> bool:
        """Whether one file is written, and no folder."""
        return Path(self.path).suffix == ".tar" and not Path(self.path).is_dir()

    def check(self, inputs: Iterable[Path]) -> None:
        """Raise UsageError when the place is none to write to."""
        (check_file_place if self.is_archive else check_layout_place)(Path(self.path), inputs)

    @contextmanager
    def opened(self, reader: VerifyingReader, progress: Progress) -> Iterator[OpenLayoutFolder | OpenLayoutArchive]:
        """Begin a layout beside its place; raises OutputError, and UsageError for an index that can't be added to."""
        durability = Durability(is_wanted=self.sync)
        if self.is_archive:
            with TarFile(Path(self.path), reader, progress, durability) as tar:
                yield OpenLayoutArchive(self, reader, tar)
        else:
            with OciFolder(Path(self.path), reader, progress, durability) as folder:
                yield OpenLayoutFolder(self, reader, folder)

    def chosen(self, plan: Plan, choice: Choice, reader: VerifyingReader) -> Selection:
        """The images whose manifests can be written."""
        return choose(plan, replace(choice, oci_media_types=self.oci_media_types), Output.OCI_LAYOUT, reader)


class OpenLayoutFolder:
    """The folder, before anything of it is seen."""

    def __init__(self, layout: OciLayout, reader: VerifyingReader, folder: OciFolder) -> None:
        self._reader = reader
        self._layout = layout
        self._folder = folder

    def capture(self) -> StagingCapture:
        """Stages wanted blobs while they are first read."""
        return self._folder.capture()

    def choose(self, plan: Plan, choice: Choice) -> Selection:
        """The images whose manifests can be written."""
        return self._layout.chosen(plan, choice, self._reader)

    def moved_tags(self, images: Sequence[NamedImage]) -> tuple[MovedTag, ...]:
        """The names that the layout has already, for other images."""
        return self._folder.moved_tags(images)

    def write(self, images: Sequence[NamedImage]) -> dict[str, Any]:
        """Write the images, and give the index as it is then; raises UsageError for names that moved meanwhile."""
        return self._folder.write(images, replace_tags=self._layout.replace_tags)


class OpenLayoutArchive:
    """The archive, before it has its name."""

    def __init__(self, layout: OciLayout, reader: VerifyingReader, tar: TarFile) -> None:
        self._reader = reader
        self._layout = layout
        self._tar = tar

    def capture(self) -> TarCapture:
        """Puts blobs at their places in the archive while they are first read."""
        return self._tar.capture()

    def choose(self, plan: Plan, choice: Choice) -> Selection:
        """The images whose manifests can be written."""
        return self._layout.chosen(plan, choice, self._reader)

    def moved_tags(self, images: Sequence[NamedImage]) -> tuple[MovedTag, ...]:  # noqa: ARG002 (as all places have it)
        """None: the file is a new one."""
        return ()

    def write(self, images: Sequence[NamedImage]) -> dict[str, Any]:
        """Write the archive, and give its index."""
        lists = [ReferrersList(each.tag, each.merged_into(None)) for each in layout_listings_of(images, self._reader)]
        self._tar.write(layout_members(images, lists))
        return index_of(images, lists)
