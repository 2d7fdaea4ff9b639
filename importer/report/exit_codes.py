"""The exit codes of commands that look but don't write."""

from __future__ import annotations

from importer.recovery.fidelity import status_of
from importer.recovery.plan import ImageStatus
from importer.rules.rule import Case

INTACT, REPAIRABLE, USAGE, NO_IMAGE, INCOMPLETE, TROUBLE, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130


def exit_code_of(case: Case) -> int:
    """The code that the worst image, or what could not be read, calls for."""
    states = {status_of(image, case.host) for image in case.plan.images}
    if any(unread.matters for unread in case.unread):
        return INCOMPLETE
    if not states:
        return NO_IMAGE
    if ImageStatus.INCOMPLETE in states:
        return INCOMPLETE
    return REPAIRABLE if ImageStatus.REPAIRABLE in states else INTACT
