"""How every command that writes images runs: look, choose, write, tell, and the exit code of it all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Generic, TypeVar

from importer.cli.console import say, tell
from importer.cli.results import Tell, tell_written
from importer.domain.digest import Digest
from importer.errors import BlobfixError, CannotWriteError, UsageError
from importer.inspection.inspecting import Capture
from importer.investigation import Question, absent_digests, survey
from importer.places.opener import Opener
from importer.plan.images import Plan
from importer.progress import Progress
from importer.recovery.unread import Unread
from importer.report.exit_codes import INCOMPLETE, INTACT
from importer.words.printable import for_shell
from importer.words.text import listed
from importer.writers.moved_tags import MovedTag, demand_replaceable
from importer.writers.named_image import NamedImage
from importer.writers.refusals import Refusal
from importer.writers.selection import Selection

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Written(Generic[Result]):
    """What became of the images.

    Attributes:
        selection: those that were written, and those that couldn't be.
        result: what the writer gave; None when there was nothing to write.
        moved: tags of the output that named other images before.
        unread: what of the input could not be looked into.
        paths: the input.
        absent: manifest digests that the user gave and that nothing here has.
        is_deep: whether every layer was held against its diff_id, so that only such a scan sees what was seen.
    """

    selection: Selection
    result: Result | None
    moved: tuple[MovedTag, ...] = ()
    unread: tuple[Unread, ...] = ()
    paths: tuple[Path, ...] = ()
    absent: tuple[Digest, ...] = ()
    is_deep: bool = False

    @property
    def images(self) -> tuple[NamedImage, ...]:
        """The images that were written."""
        return self.selection.images

    @property
    def exit_code(self) -> int:
        """The code of a command that wrote at least one image."""
        is_partial = self.selection.refused or any(unread.matters for unread in self.unread)
        return INCOMPLETE if is_partial else INTACT


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags that an output has already.

    Attributes:
        moved_by: which of them name other images than the ones that are to be written.
        may_move: whether these may take their names.
    """

    moved_by: Callable[[Sequence[NamedImage]], Iterable[MovedTag]]
    may_move: bool


NEW_OUTPUT: Final = Tags(lambda _: (), may_move=False)


def write_images(
    question: Question,
    choose: Callable[[Plan], Selection],
    write: Callable[[Sequence[NamedImage]], Result],
    progress: Progress,
    opener: Opener,
    capture: Capture | None = None,
    tags: Tags = NEW_OUTPUT,
) -> Written[Result]:
    """Look at the input, and write each image that can be written; the others are for ``conclude`` to name.

    Raises what ``survey``, ``choose`` and ``write`` raise, and UsageError for tags that would move and may not.
    """
    case = survey(question, progress, opener, capture)
    mattering = [unread for unread in case.unread if unread.matters]
    if mattering and not case.plan.images:
        raise CannotWriteError(f"no image was found in what could be read. {_not_read(mattering[0])}")
    # An image that was picked and is whole needs nothing else; one that isn't whole is refused anyway.
    unread = tuple(replace(each, matters=False) for each in case.unread) if question.one_image else case.unread
    selection = choose(case.plan)
    if not selection.images:
        return Written(selection, None, unread=unread, paths=question.paths, is_deep=question.depth.every_layer)
    moved = tuple(tags.moved_by(selection.images))
    demand_replaceable(moved, replace_tags=tags.may_move)
    absent = absent_digests(question, case.plan)
    result = write(selection.images)
    return Written(selection, result, moved, unread, question.paths, absent, question.depth.every_layer)


def conclude(
    written: Written[Result],
    *,
    quiet: bool,
    tell: Tell = tell,
    tell_images: Callable[[Sequence[NamedImage], Tell], None] = tell_written,
    verb: str = "written",
) -> int:
    """Tell what was written and name each image that wasn't, in a line; gives the exit code.

    Raises UsageError or CannotWriteError when nothing was written.
    """
    refused = written.selection.refused
    for unread in written.unread:
        say(_not_read(unread))
    if not written.images and len(refused) == 1:
        raise _error_of(refused, ". ".join([refused[0].reason, *_scan_advice(written)]))
    if written.images and not quiet:
        tell_images(written.images, tell)
    for digest in written.absent:
        say(f"No manifest here has the digest that was given, {digest}; what is {verb} may be another image")
    for tag in written.moved:
        say(str(tag))
    for image in () if quiet else written.selection.named:
        names = listed(map(str, image.names))
        say(f"{image.manifest.descriptor.digest} had no name and is called {names}")
    for refusal in refused:
        say(f"Not {verb}: {refusal.reason}")
    for advice in _scan_advice(written):
        say(advice)
    if not written.images:
        raise _error_of(refused, f"none of the {len(refused)} images here can be {verb}")
    return written.exit_code


def _scan_advice(written: Written[Result]) -> list[str]:
    """The command that tells more of the images that are damaged, if there are any."""
    if not any(refusal.is_damaged for refusal in written.selection.refused):
        return []
    scan = "blobfix scan --deep" if written.is_deep else "blobfix scan"
    command = " ".join([scan, *(for_shell(str(path)) for path in written.paths)])
    return [f"To see why, and what to download again: {command}"]


def _not_read(unread: Unread) -> str:
    """What could not be looked into, why, and what to do about it."""
    advice = f"; {unread.advice}" if unread.advice else ""
    return f"Not read: {unread.path}: {unread.reason}{advice}"


def _error_of(refused: Sequence[Refusal], message: str) -> BlobfixError:
    """The error of a command that wrote nothing: wrong usage, where no image is to blame."""
    return UsageError(message) if all(refusal.is_usage for refusal in refused) else CannotWriteError(message)
