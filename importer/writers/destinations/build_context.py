"""A Dockerfile and the layers in order, for docker build."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from importer.errors import UsageError
from importer.places.durability import Durability
from importer.plan.fidelity import Output
from importer.plan.images import Plan
from importer.plan.titles import title_of
from importer.progress import Progress
from importer.words.text import listed
from importer.writers import build_context
from importer.writers.build_context import WrittenContext
from importer.writers.context_folder import context_folder
from importer.writers.moved_tags import MovedTag
from importer.writers.named_image import NamedImage
from importer.writers.output_places import check_context_place
from importer.writers.selection import Choice, Selection, choose
from importer.writers.verifying_reader import VerifyingReader


@dataclass(frozen=True, slots=True)
class BuildContext:
    """A new folder for ``docker build``, of which an image with the same files and settings is made.

    Attributes:
        path: the folder.
        squash: whether there is one root file system instead of layers, without the files that later ones delete.
        sync: whether all is on the disk before it is called done.
    """

    path: str | os.PathLike[str]
    squash: bool = False
    sync: bool = True
    replace_tags: ClassVar[bool] = False

    def check(self, inputs: Iterable[Path]) -> None:
        """Raise UsageError when the folder is none to write to."""
        check_context_place(Path(self.path), inputs)

    @contextmanager
    def opened(self, reader: VerifyingReader, progress: Progress) -> Iterator[OpenBuildContext]:
        """Nothing is begun before the image is known."""
        yield OpenBuildContext(self, reader, progress)


class OpenBuildContext:
    """The folder, before anything of it is there."""

    def __init__(self, context: BuildContext, reader: VerifyingReader, progress: Progress) -> None:
        self._reader = reader
        self._context = context
        self._progress = progress

    def capture(self) -> None:
        """None: what the folder holds isn't the blobs alone."""

    def choose(self, plan: Plan, choice: Choice) -> Selection:
        """The images that docker could load."""
        return choose(plan, choice, Output.DOCKER_TAR, self._reader)

    def moved_tags(self, images: Sequence[NamedImage]) -> tuple[MovedTag, ...]:  # noqa: ARG002 (as all places have it)
        """None: the folder is a new one."""
        return ()

    def write(self, images: Sequence[NamedImage]) -> WrittenContext:
        """Write the context of the one image; raises UsageError for several, and what ``BuildContext.write`` raises."""
        if len(images) > 1:
            titles = listed(title_of(image.plan) for image in images)
            raise UsageError(
                f"a build context makes one image, and there are {len(images)}: {titles}; choose one with --select"
            )
        with context_folder(Path(self._context.path), Durability(is_wanted=self._context.sync)) as folder:
            writer = build_context.BuildContext(folder, self._reader, self._progress)
            return writer.write(images[0].plan, squash=self._context.squash)
