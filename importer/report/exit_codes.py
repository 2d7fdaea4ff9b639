"""The exit codes of commands that look but don't write."""

from __future__ import annotations

from importer.errors import ExitCode
from importer.plan.fidelity import ImageStatus, status_of
from importer.rules.rule import Case

INTACT, REPAIRABLE, USAGE, NO_IMAGE, INCOMPLETE, TROUBLE, INTERRUPTED = ExitCode


def exit_code_of(case: Case) -> ExitCode:
    """The code for the worst image, or for what could not be read."""
    states = {status_of(image, case.host) for image in case.plan.images}
    if any(unread.matters for unread in case.unread):
        return INCOMPLETE
    if not states:
        return NO_IMAGE
    if ImageStatus.INCOMPLETE in states:
        return INCOMPLETE
    return REPAIRABLE if ImageStatus.REPAIRABLE in states else INTACT
