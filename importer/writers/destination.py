"""What every output is: a place that is checked, opened before the input is read, written to, and told of.

A new output is a module in ``writers/destinations`` with an Output and a Destination, and a command that hands it to
``importer.conversion``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from importer.inspection.inspecting import Capture
from importer.places.named import AnyPath
from importer.places.store import Store
from importer.plan.images import Plan
from importer.progress import Progress
from importer.writers.moved_tags import MovedTag
from importer.writers.named_image import NamedImage
from importer.writers.selection import Choice, Selection
from importer.writers.verifying_reader import VerifyingReader

Result_co = TypeVar("Result_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What there is to tell when images were written.

    Attributes:
        next_step: what can be done now, as in ``load it into docker:``; the commands follow.
        commands: what does it, as a shell takes it.
        remarks: what to know before they are run.
        warnings: what the output lacks.
    """

    next_step: str
    commands: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class OpenDestination(Protocol[Result_co]):
    """A place that is ready to be written to; what isn't finished there is gone when it is closed."""

    def capture(self) -> Capture | None:
        """What takes copies of blobs while the input is read for the first time; None where that is of no use."""
        return None

    def choose(self, plan: Plan, choice: Choice) -> Selection:
        """The images that the place can take, as the choice wants them; raises what ``selection.choose`` raises."""
        ...

    def moved_tags(self, images: Sequence[NamedImage]) -> Iterable[MovedTag]:  # noqa: ARG002 (a new place has none)
        """The tags that the place has already, for other images than these."""
        return ()

    def write(self, images: Sequence[NamedImage]) -> Result_co:
        """Write the images, each byte of them verified on its way; gives what there is to tell of it.

        Raises OutputError, and VerificationError or InputError when a file has changed since it was read.
        """
        ...


class Destination(Protocol[Result_co]):
    """Where images are to be written: a frozen value."""

    @property
    def replace_tags(self) -> bool:
        """Whether tags that the place has already may name other images than before."""
        ...

    def check(self, inputs: Iterable[Store]) -> None:
        """Raise UsageError or OutputError, before any work is done, when nothing may be written there."""
        ...

    def opened(self, reader: VerifyingReader, progress: Progress) -> AbstractContextManager[OpenDestination[Result_co]]:
        """Make the place ready; nothing is seen of that before all is written. Raises OutputError."""
        ...


class Place(Destination[Outcome], Protocol):
    """A destination that stays: a file, a folder or a part of a bucket."""

    @property
    def path(self) -> AnyPath:
        """Where, as ``place_of`` takes it."""
        ...
