"""A Dockerfile and the layers in order, for docker build."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from importer.domain.platform import Host
from importer.errors import UsageError
from importer.places.durability import Durability
from importer.places.folder_store import FolderStore
from importer.places.named import path_of
from importer.places.store import Store
from importer.plan.fidelity import OutputKind
from importer.plan.images import Plan
from importer.plan.titles import title_of
from importer.progress import Progress
from importer.words.printable import for_shell
from importer.words.text import listed
from importer.writers import build_context
from importer.writers.build_context import WrittenContext
from importer.writers.context_folder import context_folder, unfinished_files
from importer.writers.destination import OpenDestination, Outcome
from importer.writers.dockerfile_words import NEWLINE_ARGUMENT
from importer.writers.named_image import NamedImage
from importer.writers.output_places import check_outside, strangers_in
from importer.writers.outputs import Output
from importer.writers.selection import Choice, Selection, choose
from importer.writers.verifying_reader import VerifyingReader

BUILD_CONTEXT: Final = Output("build-context", OutputKind.DOCKER)


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

    def check(self, inputs: Iterable[Store]) -> None:
        """Raise UsageError when the folder is none to write to."""
        _check_place(path_of(self.path), inputs)

    @contextmanager
    def opened(self, reader: VerifyingReader, progress: Progress) -> Iterator[OpenBuildContext]:
        """Nothing is begun before the image is known."""
        yield OpenBuildContext(self, reader, progress)


class OpenBuildContext(OpenDestination[Outcome]):
    """The folder, before anything of it is there; no blob alone is copied into it."""

    def __init__(self, context: BuildContext, reader: VerifyingReader, progress: Progress) -> None:
        self._context = context
        self._reader = reader
        self._progress = progress

    def choose(self, plan: Plan, choice: Choice) -> Selection:
        """The images that docker could load."""
        return choose(plan, choice, BUILD_CONTEXT, self._reader)

    def write(self, images: Sequence[NamedImage]) -> Outcome:
        """Write the context of the one image; raises UsageError for several, and as ``BuildContext.write`` does."""
        if len(images) > 1:
            titles = listed(title_of(image.plan) for image in images)
            raise UsageError(
                f"a build context makes one image, and there are {len(images)}: {titles}; choose one with --select"
            )
        with context_folder(path_of(self._context.path), Durability(is_wanted=self._context.sync)) as additions:
            writer = build_context.BuildContext(additions, self._reader, self._progress)
            written = writer.write(images[0].plan, squash=self._context.squash)
        command = _build_command(images[0], written, os.fspath(self._context.path))
        return Outcome("build it:", (command,), warnings=tuple(_warnings(written)))


def _build_command(image: NamedImage, written: WrittenContext, path: str) -> str:
    config = image.plan.config
    here = Host.of_this_machine().platform
    words = ["docker build"]
    if config and not config.platform.matches(here):
        words.append(f"--platform {for_shell(str(config.platform))}")
    if written.dockerfile.needs_newline:
        words.append(f"--build-arg {NEWLINE_ARGUMENT}=$'\\n'")
    words += [f"-t {name}" for name in image.names]
    return " ".join([*words, for_shell(path)])


def _warnings(written: WrittenContext) -> Iterator[str]:
    for layer in written.with_whiteouts:
        paths = listed(path.decode("utf-8", "backslashreplace") for path in layer.examples)
        more = f" and {layer.whiteouts - len(layer.examples)} more" if layer.whiteouts > len(layer.examples) else ""
        yield f"{layer.name} deletes files of lower layers, which ADD can't: {paths}{more}"
    if written.with_whiteouts:
        yield "the deleted files will be in the image; --squash leaves them out"
    yield from (f"the Dockerfile leaves out {what}" for what in written.dockerfile.unsaid)


def _check_place(target: Path, inputs: Iterable[Store]) -> None:
    """A build context goes into a new or empty folder: whatever else lies there would be sent to docker."""
    store = FolderStore(target)
    check_outside(store, inputs)
    if not target.exists():
        return
    if not target.is_dir():
        raise UsageError(f"{target}: is a file; a build context must be a folder")
    left_behind = {path.name for path in unfinished_files(target)}
    strangers = [name for name in strangers_in(store) if name not in left_behind]
    if strangers:
        raise UsageError(f"{target}: the folder is not empty ({strangers[0]} is there); give a new or empty one")
