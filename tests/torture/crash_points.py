"""The program is ended, or refused, at each of its calls: what is left is the old state or the new one.

Every command that writes, in every situation of ``scenarios``; at the n-th call that touches the output, for every n,
the process is killed, a write is torn, or the system answers that the disk is full, a quota is used up, the disk is
broken, or there is no permission. After each, the state is read by code that isn't the program's; the same command
again must give the bytes of a run that nothing disturbed, and the input must be what it was.

``python -m tests.torture crash-points`` tries all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.torture.figures import Figures
from tests.torture.forks import Case, run_forked, run_here
from tests.torture.scenario import Scenario, expect_fit
from tests.torture.scenarios import chosen
from tests.torture.shares import ALL, Choice, run_in_shares, share_main
from tests.torture.shim import FAULTS, Fault
from tests.torture.states import BrokenError, difference, expect_beginnings, state_of, visible

_TROUBLE: Final = 5
_SET_ASIDE: Final = ".blobfix-set-aside"


def run(seconds: float, choice: Choice = ALL) -> Figures:
    """Try every call; it has an end of its own, whatever ``seconds`` says."""
    return run_in_shares("crash points", __name__, choice)


def try_share(folder: Path, choice: Choice) -> tuple[int, list[str]]:
    """Try what is chosen; gives how many points there were and what failed."""
    tried, failures, number = 0, [], 0
    for scenario in chosen(choice):
        case = Case(scenario, folder / scenario.name.replace(" ", "-"))
        ended, _ = case.undisturbed
        for at, kind in enumerate(ended.calls, 1):
            for fault in FAULTS:
                if kind not in fault.kinds:
                    continue
                number += 1
                if not choice.has(number):
                    continue
                tried += 1
                try:
                    _try(case, at, fault)
                except BrokenError as error:
                    failures.append(f"{scenario.name}: {fault.name} at call {at} ({kind}): {error}")
    return tried, failures


def _try(case: Case, at: int, fault: Fault) -> None:
    undisturbed, new = case.undisturbed
    case.reset()
    ended = (run_forked if fault.kills else run_here)(case.run, case.out, at, fault)
    entries = state_of(case.out)
    seen = visible(entries)
    if ended.code < 0:
        expect_fit(case.scenario, entries, seen, case.old, new)
    else:
        _expect_told(case.scenario, ended.code, ended.said, undisturbed.code)
        if ended.code == undisturbed.code and not case.is_new(seen):
            raise BrokenError(f"it says that it is done, and it isn't: {ended.said}")
        if ended.code == _TROUBLE and not case.scenario.stays and seen not in (case.old, new):
            raise BrokenError(f"an error leaves something behind: {difference(seen, case.old)}")
        expect_fit(case.scenario, entries, seen, case.old, new)
    expect_beginnings(entries, case.before, new)
    if entries == case.before:
        # The next run begins where an undisturbed one does.
        _expect_inputs(case)
        return
    left = [path for path in case.expect_mended(seen) if ".blobfix-" in path and _SET_ASIDE not in path]
    if left:
        raise BrokenError(f"the next run leaves {left[0]}")
    _expect_inputs(case)


def _expect_told(scenario: Scenario, code: int, said: str, undisturbed: int) -> None:
    if "internal error" in said or code not in (undisturbed, _TROUBLE, *((1, 4) if scenario.stays else ())):
        raise BrokenError(f"it ends with {code}: {said}")


def _expect_inputs(case: Case) -> None:
    if state_of(case.folder / "case" / "in") != case.inputs:
        raise BrokenError("the input has changed")


if __name__ == "__main__":
    share_main(try_share)
