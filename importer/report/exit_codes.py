"""The exit codes of commands that look but don't write."""

from __future__ import annotations

from typing import Final

from importer.errors import ExitCode
from importer.plan.fidelity import ImageStatus
from importer.report.states import worst_state
from importer.rules.rule import Case

INTACT, REPAIRABLE, USAGE, NO_IMAGE, INCOMPLETE, TROUBLE, INTERRUPTED = ExitCode


_CODES: Final = {
    None: NO_IMAGE,
    ImageStatus.INTACT: INTACT,
    ImageStatus.REPAIRABLE: REPAIRABLE,
    ImageStatus.INCOMPLETE: INCOMPLETE,
}


def exit_code_of(case: Case) -> ExitCode:
    """The code for the worst image, or for what could not be read."""
    return _CODES[worst_state(case)]
