"""The walk of everything that writes images: look, choose, write. A command and a program take the same one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from importer.domain.digest import Digest
from importer.errors import BlobfixError, CannotWriteError, ExitCode, UsageError
from importer.investigation import Question, absent_digests, survey
from importer.places.store import Store
from importer.recovery.unread import Unread
from importer.rules.rule import Case
from importer.work.executor import Executor
from importer.writers.destination import Destination
from importer.writers.moved_tags import MovedTag, demand_replaceable
from importer.writers.named_image import NamedImage
from importer.writers.refusals import Refusal
from importer.writers.selection import Choice, Selection
from importer.writers.verifying_reader import VerifyingReader

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Conversion(Generic[Result]):
    """What became of the images.

    Attributes:
        selection: those that were written, and those that couldn't be.
        result: what the destination gave; None when there was nothing to write.
        moved: tags of the destination that named other images before.
        unread: what of the input could not be looked into.
        places: the input.
        absent: manifest digests that the user gave and that nothing here has.
        is_deep: whether every layer was held against its diff_id, so that only such a scan sees what was seen.
    """

    selection: Selection
    result: Result | None
    moved: tuple[MovedTag, ...] = ()
    unread: tuple[Unread, ...] = ()
    places: tuple[Store, ...] = ()
    absent: tuple[Digest, ...] = ()
    is_deep: bool = False

    @property
    def images(self) -> tuple[NamedImage, ...]:
        """The images that were written."""
        return self.selection.images

    @property
    def exit_code(self) -> ExitCode:
        """The code of a command that wrote at least one image."""
        is_partial = self.selection.refused or any(unread.matters for unread in self.unread)
        return ExitCode.INCOMPLETE if is_partial else ExitCode.INTACT


def convert(
    question: Question,
    choice: Choice,
    destination: Destination[Result],
    executor: Executor,
    seen: Case | None = None,
) -> Conversion[Result]:
    """Write each image that can be written; the others stand in the selection, each with its reason.

    Args:
        question: what to look at.
        choice: which images, and how true to the original.
        destination: where to.
        executor: reads the input, and has the progress that is told of all bytes.
        seen: what was seen of the input already, so that it need not be looked at again.

    Raises what ``survey`` and the destination raise, and UsageError for tags that would move and may not.
    """
    destination.check((*question.places, *question.borrowed))
    with destination.opened(VerifyingReader(executor.tools.opener), executor.progress) as place:
        case = seen or survey(question, executor, place.capture())
        mattering = [unread for unread in case.unread if unread.matters]
        if mattering and not case.plan.images:
            raise CannotWriteError(f"no image was found in the parts that could be read. {not_read(mattering[0])}")
        # An image that was picked and is whole needs nothing else; one that isn't whole is refused anyway.
        unread = tuple(replace(each, matters=False) for each in case.unread) if question.one_image else case.unread
        selection = place.choose(case.plan, choice)
        is_deep = question.depth.every_layer
        if not selection.images:
            return Conversion(selection, None, unread=unread, places=question.places, is_deep=is_deep)
        moved = tuple(place.moved_tags(selection.images))
        demand_replaceable(moved, replace_tags=destination.replace_tags)
        absent = absent_digests(question, case.plan)
        result = place.write(selection.images)
        return Conversion(selection, result, moved, unread, question.places, absent, is_deep)


def not_read(unread: Unread) -> str:
    """What could not be looked into, why, and what to do about it."""
    advice = f"; {unread.advice}" if unread.advice else ""
    return f"Not read: {unread.path}: {unread.reason}{advice}"


def error_of(refused: Sequence[Refusal], message: str) -> BlobfixError:
    """The error when nothing was written: wrong usage, where no image is to blame."""
    return UsageError(message) if all(refusal.is_usage for refusal in refused) else CannotWriteError(message)
