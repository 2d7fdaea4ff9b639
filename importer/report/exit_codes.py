"""The exit codes of commands that look but don't write."""

from __future__ import annotations

from importer.recovery.plan import ImageStatus, Plan

INTACT, REPAIRABLE, USAGE, NO_IMAGE, INCOMPLETE, TROUBLE, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130


def exit_code_of(plan: Plan) -> int:
    """The code that the worst image calls for."""
    states = {image.status for image in plan.images}
    if not states:
        return NO_IMAGE
    if ImageStatus.INCOMPLETE in states:
        return INCOMPLETE
    return REPAIRABLE if ImageStatus.REPAIRABLE in states else INTACT
