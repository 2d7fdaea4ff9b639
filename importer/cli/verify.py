"""``blobfix verify``."""

from __future__ import annotations

from typing import Final

from importer.cli.console import say, tell
from importer.cli.options import Jobs, NoProgress, Paths, Silent, places_or_here
from importer.cli.results import Tell, tell_next
from importer.cli.working import at_work
from importer.conversion import not_read
from importer.errors import CannotWriteError, ExitCode, NoImageError
from importer.plan.fidelity import ImageStatus, status_of
from importer.plan.titles import label_of
from importer.report.states import STATES, Titles
from importer.verification import Verification
from importer.verification import verify as read_back
from importer.words.printable import for_shell
from importer.words.text import Size

_PROVEN: Final = {
    ImageStatus.INTACT: "intact: every byte is here and right",
    ImageStatus.REPAIRABLE: "not as it was",
    ImageStatus.INCOMPLETE: "incomplete",
}

EXAMPLES: Final = """\b
Examples:
  blobfix verify image.tar
  blobfix verify ./registry ./layout
"""


def verify(paths: Paths = None, quiet: Silent = False, jobs: Jobs = None, no_progress: NoProgress = False) -> ExitCode:
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
    if not case.plan.images:
        raise NoImageError("there is no image to verify; give a docker tar, a registry tree or an OCI layout")
    if not quiet:
        _tell_images(found, tell)
    if found.is_whole:
        return ExitCode.INTACT
    shown = " ".join(for_shell(place.shown("")) for place in places)
    if not quiet:
        checks = [f"blobfix repair-tree {for_shell(tree.store.shown(''))}" for tree in found.trees if tree.defects]
        tell_next("see what is wrong, and what to do:", [*checks, f"blobfix scan --deep {shown}"], tell)
    raise CannotWriteError(_summary(found))


def _tell_images(found: Verification, tell: Tell) -> None:
    case = found.seen.case
    titles = Titles(case.plan.images)
    for image in case.plan.images:
        tell(f"{titles.of(image)}: {_PROVEN[status_of(image, case.host)]}")
        for blob in image.all_blobs:
            size = Size(blob.descriptor.size)
            tell(f"  {STATES[blob.status]:<10}  {label_of(image, blob)!s:<14} {blob.descriptor.digest}  {size}")
    for tree in found.trees:
        wrong = sum(not defect.is_remark for defect in tree.defects)
        tell(f"{tree.store.shown('')}: {f'{wrong:,} wrong links or blobs' if wrong else 'all links are right'}")


def _summary(found: Verification) -> str:
    total, flawed = len(found.seen.case.plan.images), len(found.flawed)
    if flawed:
        return f"{flawed} of {total} {'image' if total == 1 else 'images'} can't be relied on"
    return "the images are whole, but not everything beside them is right"
