"""A tarball for docker load, as a file or as a stream."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import BinaryIO, ClassVar, Final

from importer.errors import BombError, ContentMismatchError, UsageError
from importer.places.durability import Durability
from importer.places.named import path_of
from importer.places.store import Store
from importer.plan.images import Plan
from importer.plan.titles import title_of
from importer.progress import Progress
from importer.words.printable import for_shell
from importer.writers.destination import OpenDestination, Outcome
from importer.writers.docker_tar import docker_tar_members
from importer.writers.named_image import NamedImage
from importer.writers.output_places import check_file_place
from importer.writers.outputs import DOCKER_TAR
from importer.writers.refusals import Refusal
from importer.writers.selection import Choice, Selection, choose
from importer.writers.split_tar import SplitTar, joining_command
from importer.writers.tar_file import TarCapture, TarFile, stream_members
from importer.writers.verifying_reader import VerifyingReader

FITS_FAT32: Final = 4000 << 20
"""Bytes of a piece that sticks take, whose file system has files of less than 4 GiB."""


@dataclass(frozen=True, slots=True)
class DockerTar:
    """A tarball that docker, containerd, podman and skopeo load; it takes the place of one that is there.

    Attributes:
        path: the file.
        sync: whether it is on the disk before it is called done.
    """

    path: str | os.PathLike[str]
    sync: bool = True
    replace_tags: ClassVar[bool] = False

    def check(self, inputs: Iterable[Store]) -> None:
        """Raise UsageError when the file's place is none to write to."""
        check_file_place(path_of(self.path), inputs)

    @contextmanager
    def opened(self, reader: VerifyingReader, progress: Progress) -> Iterator[OpenDockerTar]:
        """Begin the file, unseen; raises OutputError."""
        with TarFile(path_of(self.path), reader, progress, Durability(is_wanted=self.sync)) as tar:
            yield OpenDockerTar(self, tar, reader, progress)


class OpenDockerTar(OpenDestination[Outcome]):
    """The file, before it has its name."""

    def __init__(self, place: DockerTar, tar: TarFile, reader: VerifyingReader, progress: Progress) -> None:
        self._place = place
        self._tar = tar
        self._reader = reader
        self._progress = progress

    def capture(self) -> TarCapture:
        """Puts blobs at their places in the archive while they are first read."""
        return self._tar.capture()

    def choose(self, plan: Plan, choice: Choice) -> Selection:
        """The images that docker loads."""
        return loadable(plan, choice, self._reader, self._progress)

    def write(self, images: Sequence[NamedImage]) -> Outcome:
        """Write the archive and give it its name."""
        self._tar.write(docker_tar_members(images, self._reader, self._progress.advance))
        return Outcome("load it into docker:", (f"docker load -i {for_shell(os.fspath(self._place.path))}",))


@dataclass(frozen=True, slots=True)
class SplitDockerTar:
    """The same in pieces beside each other, ``FILE.001`` and on; nothing is written where older pieces lie.

    Attributes:
        path: the name that the whole has when it is joined.
        piece_size: bytes of each piece but the last.
        sync: whether all is on the disk before it is called done.
    """

    path: str | os.PathLike[str]
    piece_size: int = FITS_FAT32
    sync: bool = True
    replace_tags: ClassVar[bool] = False

    @property
    def _pieces(self) -> SplitTar:
        return SplitTar(path_of(self.path), self.piece_size, Durability(is_wanted=self.sync))

    def check(self, inputs: Iterable[Store]) -> None:
        """Raise UsageError when the pieces' place is none to write to."""
        check_file_place(path_of(self.path), inputs)
        self._pieces.demand_no_pieces()

    @contextmanager
    def opened(self, reader: VerifyingReader, progress: Progress) -> Iterator[OpenSplitTar]:
        """Nothing is begun before it is known how many pieces there are."""
        yield OpenSplitTar(self._pieces, reader, progress)


class OpenSplitTar(OpenDestination[Outcome]):
    """The pieces, before they have their names."""

    def __init__(self, pieces: SplitTar, reader: VerifyingReader, progress: Progress) -> None:
        self._pieces = pieces
        self._reader = reader
        self._progress = progress

    def choose(self, plan: Plan, choice: Choice) -> Selection:
        """The images that docker loads."""
        return loadable(plan, choice, self._reader, self._progress)

    def write(self, images: Sequence[NamedImage]) -> Outcome:
        """Write the pieces and give them their names."""
        members = docker_tar_members(images, self._reader, self._progress.advance)
        written = self._pieces.write(members, self._reader, self._progress)
        target = self._pieces.target
        names = " to ".join(dict.fromkeys((written[0].name, written[-1].name)))
        count = f"{len(written)} pieces" if len(written) > 1 else "1 piece"
        return Outcome(
            "join the pieces and load them into docker:",
            (joining_command(target, written),),
            (f"{count}: {names}, and {target.name}.sha256 for the whole",),
        )


@dataclass(frozen=True, slots=True)
class DockerStream:
    """The same as a stream of bytes, for a pipe; nothing is told of it.

    Attributes:
        stream: where to.
    """

    stream: BinaryIO
    replace_tags: ClassVar[bool] = False

    def check(self, inputs: Iterable[Store]) -> None:  # noqa: ARG002 (no input can be a pipe)
        """Raise UsageError when people would see the bytes."""
        if self.stream.isatty():
            raise UsageError("a tar can't be written to a terminal; pipe it into `docker load`, or give a file with -o")

    @contextmanager
    def opened(self, reader: VerifyingReader, progress: Progress) -> Iterator[OpenDockerStream]:
        """There is nothing to begin."""
        yield OpenDockerStream(self.stream, reader, progress)


class OpenDockerStream(OpenDestination[None]):
    """The stream, before its first byte."""

    def __init__(self, stream: BinaryIO, reader: VerifyingReader, progress: Progress) -> None:
        self._stream = stream
        self._reader = reader
        self._progress = progress

    def choose(self, plan: Plan, choice: Choice) -> Selection:
        """The images that docker loads."""
        return loadable(plan, choice, self._reader, self._progress)

    def write(self, images: Sequence[NamedImage]) -> None:
        """Write the archive front to back."""
        members = docker_tar_members(images, self._reader, self._progress.advance)
        self._progress.start("Writing", sum(member.size for member in members))
        stream_members(members, self._stream.write, self._reader, self._progress.advance)
        self._stream.flush()
        self._progress.stop()


def loadable(plan: Plan, choice: Choice, reader: VerifyingReader, progress: Progress) -> Selection:
    """The images that docker loads: of several, one whose layers aren't what its config says is left out."""
    selection = choose(plan, choice, DOCKER_TAR, reader)
    if len(selection.images) < 2:
        return selection
    late = tuple(refusal for image in selection.images if (refusal := _refusal_of(image, reader, progress)))
    unloadable = [refusal.image for refusal in late]
    images = tuple(image for image in selection.images if image.plan not in unloadable)
    return replace(selection, images=images, refused=(*selection.refused, *late))


def _refusal_of(image: NamedImage, reader: VerifyingReader, progress: Progress) -> Refusal | None:
    try:
        docker_tar_members([image], reader, progress.advance)
    except (ContentMismatchError, BombError) as error:
        name = ", ".join(map(str, image.names)) or title_of(image.plan)
        return Refusal(image.plan, f"{name}: {error}")
    return None
