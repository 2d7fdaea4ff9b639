"""A container engine that runs on this machine, which gets the images with no file in between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from importer.domain.digest import Digest
from importer.errors import CannotWriteError, OutputError, UsageError
from importer.places.store import Store
from importer.plan.images import Plan
from importer.progress import Progress
from importer.words.printable import shell_word
from importer.writers.container_engine import ENGINES, Engine
from importer.writers.destination import OpenDestination, Outcome
from importer.writers.destinations.docker_tar import OpenDockerStream, loadable
from importer.writers.moved_tags import MovedTag
from importer.writers.named_image import NamedImage
from importer.writers.selection import Choice, Selection
from importer.writers.verifying_reader import VerifyingReader


@dataclass(frozen=True, slots=True)
class RunningEngine:
    """An engine's own store of images.

    Attributes:
        engine: which engine.
        replace_tags: whether names that it has already may move to these images.
    """

    engine: Engine
    replace_tags: bool = False

    def check(self, inputs: Iterable[Store]) -> None:  # noqa: ARG002 (no input is an engine)
        """Raise OutputError when the engine can't be used."""
        if trouble := self.engine.trouble():
            raise OutputError(f"{self.engine.program} can't be used: {trouble}")

    @contextmanager
    def opened(self, reader: VerifyingReader, progress: Progress) -> Iterator[OpenEngine]:
        """There is nothing to begin."""
        yield OpenEngine(self.engine, reader, progress)


class OpenEngine(OpenDestination[Outcome]):
    """The engine, before it gets the first byte."""

    def __init__(self, engine: Engine, reader: VerifyingReader, progress: Progress) -> None:
        self._engine = engine
        self._reader = reader
        self._progress = progress

    def choose(self, plan: Plan, choice: Choice) -> Selection:
        """The images that it loads."""
        return loadable(plan, choice, self._reader, self._progress)

    def moved_tags(self, images: Sequence[NamedImage]) -> tuple[MovedTag, ...]:
        """Names that the engine has already, for other images."""
        wanted = [(name, image) for image in images for name in image.names]
        had = ((name, self._engine.identity_of(name.fully_qualified), image) for name, image in wanted)
        return tuple(
            MovedTag(name, before, _identities(image)[0])
            for name, before, image in had
            if before and before not in _identities(image)
        )

    def write(self, images: Sequence[NamedImage]) -> Outcome:
        """Load the images, and ask the engine what it has now.

        Raises OutputError when the engine refuses, and CannotWriteError when it has another image than it was given.
        """
        with self._engine.loading() as stream:
            OpenDockerStream(stream, self._reader, self._progress).write(images)
        for image in images:
            for asked in [name.fully_qualified for name in image.names] or _by_id(image):
                self._compare(asked, image)
        runs = [*self._engine.run, shell_word(_first_name(images[0]))]
        return Outcome("run it:", (" ".join([*runs, "test"] if self._engine.program == "ctr" else runs),))

    def _compare(self, asked: str, image: NamedImage) -> None:
        found = self._engine.identity_of(asked)
        if found is None and not self._engine.inspect and not image.names:
            return
        if found not in _identities(image):
            has = f"has {found} under that name" if found else "doesn't have it"
            raise CannotWriteError(
                f"{asked} was loaded, but {self._engine.program} {has}, instead of image id {_identities(image)[0]}"
            )


def chosen_engine(name: str | None) -> Engine:
    """The engine that was asked for, or the first that can be used here; raises UsageError and OutputError."""
    if name is not None:
        if name not in ENGINES:
            raise UsageError(f"--into {name}: not one of {', '.join(ENGINES)}")
        return ENGINES[name]
    troubles = []
    for engine in ENGINES.values():
        trouble = engine.trouble()
        if not trouble:
            return engine
        if engine.is_installed:
            troubles.append(f"{engine.program} can't be used: {trouble}")
    lacking = f"none of {', '.join(ENGINES)} is installed here"
    told = ". ".join(troubles) or lacking
    raise OutputError(f"{told}. Write a file instead, with blobfix to-docker-tar, and load it where one of them runs")


def _identities(image: NamedImage) -> tuple[Digest, ...]:
    """Under which ids an engine may have the image: its config's, or in containerd's store what the archive names."""
    entry = image.entry
    ids = (image.plan.image_id, image.plan.manifest_digest, entry.manifest.descriptor.digest)
    return tuple(digest for digest in ids if digest)


def _by_id(image: NamedImage) -> list[str]:
    return [str(image.plan.image_id)] if image.plan.image_id else []


def _first_name(image: NamedImage) -> str:
    return str(image.names[0]) if image.names else str(image.plan.image_id)
