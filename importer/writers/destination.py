"""What every output is: a place that is checked, opened before the input is read, and then written to."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, TypeVar

from importer.inspection.inspecting import Capture
from importer.plan.images import Plan
from importer.progress import Progress
from importer.writers.moved_tags import MovedTag
from importer.writers.named_image import NamedImage
from importer.writers.selection import Choice, Selection
from importer.writers.verifying_reader import VerifyingReader

Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


class OpenDestination(Protocol[Result_co]):
    """A place that is ready to be written to; what isn't finished there is gone when it is closed."""

    def capture(self) -> Capture | None:
        """What takes copies of blobs while the input is read for the first time; None where that is of no use."""
        ...

    def choose(self, plan: Plan, choice: Choice) -> Selection:
        """The images that the place can take, as the choice wants them; raises what ``selection.choose`` raises."""
        ...

    def moved_tags(self, images: Sequence[NamedImage]) -> Iterable[MovedTag]:
        """The tags that the place has already, for other images than these."""
        ...

    def write(self, images: Sequence[NamedImage]) -> Result_co:
        """Write the images, each byte of them verified on its way; gives what there is to tell of it.

        Raises OutputError, and VerificationError or InputError when a file has changed since it was read.
        """
        ...


class Destination(Protocol[Result_co]):
    """Where images are to be written: a frozen value."""

    @property
    def path(self) -> str | os.PathLike[str]:
        """The file or folder."""
        ...

    @property
    def replace_tags(self) -> bool:
        """Whether tags that the place has already may name other images than before."""
        ...

    def check(self, inputs: Iterable[Path]) -> None:
        """Raise UsageError or OutputError, before any work is done, when nothing may be written there."""
        ...

    def opened(self, reader: VerifyingReader, progress: Progress) -> AbstractContextManager[OpenDestination[Result_co]]:
        """Make the place ready; nothing is seen of that before all is written. Raises OutputError."""
        ...
