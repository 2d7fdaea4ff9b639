"""Commands run in forks of one process that has loaded everything: a start costs milliseconds then."""

from __future__ import annotations

import os
import shutil
import traceback
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.in_process import run
from tests.torture.scenarios import Scenario
from tests.torture.shim import Fault, arm, kinds
from tests.torture.states import BrokenError, State, difference, state_of, visible

_REFUSED = 2
UNFORESEEN = 99
"""The exit code of a fork that ended with an exception."""


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, or the signal's number below zero, what it said, and the calls it made."""

    code: int
    said: str
    calls: str = ""


def run_forked(arguments: list[str], below: Path, at: int = 0, fault: Fault | None = None, trace: int = -1) -> Ended:
    """Run a command; the calls below a folder are counted, and a fault happens at one of them."""
    said = os.memfd_create("said")
    try:
        child = os.fork()
        if not child:
            os._exit(_in_child(arguments, below, at, fault, trace, said))
        _, status = os.waitpid(child, 0)
        os.lseek(said, 0, os.SEEK_SET)
        with os.fdopen(os.dup(said), "r", encoding="utf-8", errors="replace") as stream:
            text, _, calls = stream.read().partition("\0")
        return Ended(os.waitstatus_to_exitcode(status), text, calls)
    finally:
        os.close(said)


def _in_child(arguments: list[str], below: Path, at: int, fault: Fault | None, trace: int, said: int) -> int:
    try:
        arm(below, at, fault, trace)
        outcome = run(*arguments)
        text, code = outcome.output, outcome.code
    except BaseException:
        text, code = traceback.format_exc(), UNFORESEEN
    os.write(said, text.encode() + b"\0" + kinds().encode())
    return code


class Case:
    """A scenario's folder, made once and put back before each run."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        self.scenario = scenario
        self.folder = folder
        self._before = folder / "before"
        (folder / "case").mkdir(parents=True)
        scenario.prepare(folder / "case")
        self.out = folder / "case" / "out"
        self.out.rename(self._before)
        self.inputs = state_of(folder / "case" / "in")
        self.old = visible(state_of(self._before))

    @property
    def arguments(self) -> list[str]:
        return self.scenario.arguments(self.folder / "case")

    @cached_property
    def undisturbed(self) -> tuple[Ended, State]:
        """The end of a run without faults, and the state that it leaves."""
        self.reset()
        ended = run_forked(self.arguments, self.out)
        return ended, visible(state_of(self.out))

    def expect_mended(self, seen: State) -> State:
        """Run the command again after a fault that left ``seen``: it gives what an undisturbed run gives.

        Gives all entries that are there then; raises BrokenError.
        """
        undisturbed, new = self.undisturbed
        again = run_forked(self.arguments, self.out)
        # A build context that is whole is refused as a place for one.
        if again.code not in (undisturbed.code, 0) and not (again.code == _REFUSED and seen == new):
            raise BrokenError(f"the same command again ends with {again.code}: {again.said}")
        entries = state_of(self.out)
        mended = visible(entries)
        if not self.is_new(mended):
            raise BrokenError(f"the same command again gives something else: {difference(mended, new)}")
        # A run that is refused takes nothing away.
        return visible(entries) if again.code == _REFUSED else entries

    def is_new(self, seen: State) -> bool:
        """Whether a state is what an undisturbed run leaves."""
        _, new = self.undisturbed
        # Folders that a repair leaves empty have no bytes, and no registry sees them.
        return _files(seen) == _files(new) if self.scenario.is_repair else seen == new

    def reset(self) -> None:
        """Put the old state back."""
        shutil.rmtree(self.out, ignore_errors=True)
        shutil.copytree(self._before, self.out, symlinks=True)


def _files(state: State) -> State:
    return {path: content for path, content in state.items() if content is not None}
