"""How every command that writes images runs: convert, tell what was written and what wasn't, and the next step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from importer.cli.console import say, tell
from importer.cli.requests import WriteOptions
from importer.cli.results import Tell, tell_next, tell_written
from importer.cli.working import at_work
from importer.conversion import Conversion, convert, error_of, not_read
from importer.errors import ExitCode
from importer.investigation import Question
from importer.places.named import place_of
from importer.plan.blobs import BlobPlan
from importer.plan.images import ImagePlan
from importer.words.printable import for_shell
from importer.words.text import listed
from importer.writers.destination import Place
from importer.writers.named_image import NamedImage
from importer.writers.selection import Choice

TellImages = Callable[[Sequence[NamedImage], Tell], None]
"""Names the images that were written."""


def write_to(
    place: Place, question: Question, choice: Choice, options: WriteOptions, tell_images: TellImages = tell_written
) -> ExitCode:
    """Write images to a place, and tell of it; gives the exit code."""
    with at_work(options.jobs, shows_progress=options.shows_progress) as executor:
        written = convert(question, choice, place, executor)
    code = conclude(written, quiet=options.quiet, tell_images=tell_images)
    if written.result:
        for warning in written.result.warnings:
            say(f"warning: {warning}")
    if written.result and not options.quiet:
        has_commands = bool(written.result.commands)
        shown = place_of(place.path).shown("")
        tell(f"Written to {shown}{'' if has_commands else f'. {written.result.next_step}'}")
        for remark in written.result.remarks:
            tell(f"  ({remark})")
        if has_commands:
            tell_next(written.result.next_step, written.result.commands, tell)
    return code


def conclude(
    written: Conversion[Any],
    *,
    quiet: bool,
    tell: Tell = tell,
    tell_images: TellImages = tell_written,
    verb: str = "written",
) -> ExitCode:
    """Tell what was written and name each image that wasn't, in a line; gives the exit code.

    Raises UsageError or CannotWriteError when nothing was written.
    """
    refused = written.selection.refused
    for unread in written.unread:
        say(not_read(unread))
    if not written.images and len(refused) == 1:
        raise error_of(refused, ". ".join([refused[0].reason, *_scan_advice(written)]))
    if written.images and not quiet:
        tell_images(written.images, tell)
    for digest in written.absent:
        say(f"No manifest here has the digest that was given, {digest}; the image being {verb} may be a different one")
    for tag in written.moved:
        say(str(tag))
    for image in () if quiet else written.selection.named:
        names = listed(map(str, image.names))
        say(f"{image.manifest.descriptor.digest} had no name and is now called {names}")
    for refusal in refused:
        say(f"Not {verb}: {refusal.reason}")
    for advice in _scan_advice(written):
        say(advice)
    if not written.images:
        raise error_of(refused, f"none of the {len(refused)} images here can be {verb}")
    return written.exit_code


def _scan_advice(written: Conversion[Any]) -> list[str]:
    """The command that tells more of the images that can't be written, if there are any."""
    refused = [refusal.image for refusal in written.selection.refused if refusal.is_damaged]
    if not refused:
        return []
    is_lacking = any(not blob.exact and not blob.content for image in refused for blob in _parts_of(image))
    scan = "blobfix scan --deep" if written.is_deep else "blobfix scan"
    command = " ".join([scan, *(for_shell(place.shown("")) for place in written.places)])
    return [f"To see why{', and what to download again' if is_lacking else ''}: {command}"]


def _parts_of(image: ImagePlan) -> Iterable[BlobPlan]:
    return (blob for each in image.all_images for blob in each.all_blobs)
