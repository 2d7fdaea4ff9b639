"""Commands run in one process that has loaded everything, or in a fork of it where they are killed.

A run costs milliseconds then, and a fork as much again: it copies each page of memory that it touches.
"""

from __future__ import annotations

import gc
import os
import shutil
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.blobfix import Result
from tests.torture.scenario import Scenario
from tests.torture.shim import Fault, arm, disarm, kinds
from tests.torture.states import BrokenError, State, difference, state_of, visible, without_kept

_REFUSED = 2
UNFORESEEN = 99
"""The exit code of a fork that ended with an exception."""


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, or the signal's number below zero, what it said, and the calls it made."""

    code: int
    said: str
    calls: str = ""


def run_here(work: Callable[[], Result], below: Path, at: int = 0, fault: Fault | None = None) -> Ended:
    """Run a command; the calls below a folder are counted, and at one of them the system answers with an error."""
    arm(below, at, fault)
    try:
        said, code = _outcome(work)
        return Ended(code, said, kinds())
    finally:
        disarm()


def run_forked(
    work: Callable[[], Result], below: Path, at: int = 0, fault: Fault | None = None, trace: int = -1
) -> Ended:
    """Run a command in a fork, which is killed at one of the calls, or whose calls are noted."""
    said = os.memfd_create("said")
    try:
        child = os.fork()
        if not child:
            os._exit(_in_child(work, below, at, fault, trace, said))
        _, status = os.waitpid(child, 0)
        os.lseek(said, 0, os.SEEK_SET)
        with os.fdopen(os.dup(said), "r", encoding="utf-8", errors="replace") as stream:
            return Ended(os.waitstatus_to_exitcode(status), stream.read())
    finally:
        os.close(said)


def _in_child(work: Callable[[], Result], below: Path, at: int, fault: Fault | None, trace: int, said: int) -> int:
    arm(below, at, fault, trace)
    text, code = _outcome(work)
    os.write(said, text.encode())
    return code


def _outcome(work: Callable[[], Result]) -> tuple[str, int]:
    try:
        outcome = work()
    except BaseException:
        return traceback.format_exc(), UNFORESEEN
    return outcome.output, outcome.code


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
        self.before = state_of(self._before)
        self.old = visible(self.before)

    def run(self, *options: str) -> Result:
        """Run the command in this process."""
        return self.scenario.run(self.folder / "case", *options)

    @cached_property
    def undisturbed(self) -> tuple[Ended, State]:
        """The end of a run without faults, and the state that it leaves."""
        self.reset()
        ended = run_here(self.run, self.out)
        # What the command has loaded is there for all forks, and none of them touches it to look for garbage.
        gc.freeze()
        return ended, visible(state_of(self.out))

    def expect_mended(self, seen: State) -> State:
        """Run the command again after a fault that left ``seen``: it gives what an undisturbed run gives.

        Gives all entries that are there then; raises BrokenError.
        """
        undisturbed, new = self.undisturbed
        again = run_here(self.run, self.out)
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
        if self.scenario.is_download:
            return without_kept(seen, self.old) == without_kept(new, self.old)
        # Folders that a repair leaves empty have no bytes, and no registry sees them.
        return _files(seen) == _files(new) if self.scenario.is_repair else seen == new

    def reset(self) -> None:
        """Put the old state back."""
        shutil.rmtree(self.out, ignore_errors=True)
        shutil.copytree(self._before, self.out, symlinks=True)


def _files(state: State) -> State:
    return {path: content for path, content in state.items() if content is not None}
