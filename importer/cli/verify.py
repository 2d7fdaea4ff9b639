"""``blobfix verify``."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from importer.cli.console import say, tell
from importer.cli.options import Jobs, NoProgress, Silent, places_or_here
from importer.cli.results import Tell, tell_next
from importer.cli.working import at_work
from importer.conversion import not_read
from importer.errors import CannotWriteError, ExitCode, NoImageError
from importer.places.changes import WritableStore
from importer.places.named import place_of
from importer.plan.fidelity import ImageStatus, status_of
from importer.plan.titles import label_of
from importer.report.states import STATES, Titles
from importer.verification.verifying import REGISTRY_TREE, Verification
from importer.verification.verifying import verify as read_back
from importer.words.printable import for_shell, printable
from importer.words.text import Size

_STATES: Final = {
    ImageStatus.INTACT: "every byte is here and right",
    ImageStatus.REPAIRABLE: "not as it was",
    ImageStatus.INCOMPLETE: "incomplete",
}

_SHOWN: Final = 20
"""Flaws of one output that are told one by one."""

EXAMPLES: Final = """\b
Examples:
  blobfix verify image.tar
  blobfix verify ./registry ./layout
"""


def verify(
    paths: Annotated[
        list[WritableStore] | None,
        typer.Argument(
            metavar="[PATH]...",
            help="Docker tars, registry trees and OCI layouts, in folders, archives or buckets. Default: this folder.",
            show_default=False,
            parser=place_of,
        ),
    ] = None,
    quiet: Silent = False,
    jobs: Jobs = None,
    no_progress: NoProgress = False,
) -> ExitCode:
    """Read a docker tar, a registry tree or a layout back, and say what it holds, digest by digest.

    Every layer is unpacked and compared with the image's config, and the links of a registry tree are followed. Exit
    code 0: everything is there and right. 4: something isn't.
    """
    places = places_or_here(paths)
    with at_work(jobs, shows_progress=not (quiet or no_progress)) as executor:
        found = read_back(places, executor)
    case = found.seen.case
    for unread in case.unread:
        say(not_read(unread))
    if not quiet:
        for output in found.outputs:
            if not output.flaws:
                tell(f"{output.place.shown('')}: {output.kind}, as other programs read it")
        _tell_images(found, tell)
    _tell_flaws(found)
    if found.is_whole:
        return ExitCode.INTACT
    if not quiet:
        tell_next("see what is wrong, and what to do:", _commands(found), tell)
    if not case.plan.images:
        raise NoImageError("no image could be read")
    raise CannotWriteError(_summary(found))


def _tell_images(found: Verification, tell: Tell) -> None:
    case = found.seen.case
    titles = Titles(case.plan.images)
    for image in case.plan.images:
        tell(f"{titles.of(image)}: {_STATES[status_of(image, case.host)]}")
        for blob in image.all_blobs:
            size = Size(blob.descriptor.size)
            tell(f"  {STATES[blob.status]:<10}  {label_of(image, blob)!s:<14} {blob.descriptor.digest}  {size}")


def _tell_flaws(found: Verification) -> None:
    for output in found.outputs:
        shown = output.place.shown("")
        for flaw in output.flaws[:_SHOWN]:
            say(f"{shown}: {printable(flaw)}")
        if len(output.flaws) > _SHOWN:
            say(f"{shown}: and {len(output.flaws) - _SHOWN:,} more")


def _commands(found: Verification) -> list[str]:
    shown = {output.place: for_shell(output.place.shown("")) for output in found.outputs}
    trees = [output.place for output in found.outputs if output.flaws and output.kind == REGISTRY_TREE]
    checks = [f"blobfix repair-tree {shown[tree]}" for tree in trees]
    return [*checks, f"blobfix scan --deep {' '.join(shown.values())}"]


def _summary(found: Verification) -> str:
    total, flawed = len(found.seen.case.plan.images), len(found.flawed)
    if flawed:
        return f"{flawed} of {total} {'image' if total == 1 else 'images'} can't be relied on"
    kinds = ", ".join(f"{output.place.shown('')} ({output.kind})" for output in found.outputs if output.flaws)
    return f"other programs can't rely on {kinds}" if kinds else "not everything in it is valid"
