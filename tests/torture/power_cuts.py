"""The power is cut after each step of a command: the old state is left, or the new one, and after the end the new one.

The writes, renames and fsyncs of each scenario are written down by the shim. A disk (``disk``) then loses any part of
what was not written through; the state that is left is put into a folder, read, and the same command is run again,
which must give the bytes of a run that nothing disturbed.

``python -m tests.torture power-cuts`` tries all.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tests.torture.disk import Disk, calls_of
from tests.torture.figures import Figures
from tests.torture.forks import Case, run_forked
from tests.torture.scenario import expect_fit
from tests.torture.scenarios import chosen
from tests.torture.shares import ALL, Choice, run_in_shares, share_main
from tests.torture.states import BrokenError, State, difference, visible

_AFTER_THE_END: Final = 24
"""States that are tried for a cut after the command has said that it is done."""

_ON_THE_WAY: Final = 2
"""States that are tried for each cut before."""


def run(seconds: float, choice: Choice = ALL) -> Figures:
    """Try every cut; it has an end of its own, whatever ``seconds`` says."""
    return run_in_shares("power cuts", __name__, choice)


def try_share(folder: Path, choice: Choice) -> tuple[int, list[str]]:
    """Try what is chosen; gives how many states there were and what failed."""
    tried, failures, number = 0, [], 0
    for scenario in chosen(choice):
        case = Case(scenario, folder / scenario.name.replace(" ", "-"))
        disk = traced(case, *choice.options)
        for at, seed in _cuts(disk):
            number += 1
            if not choice.has(number):
                continue
            tried += 1
            try:
                _try(case, disk, at, f"{scenario.name} {at} {seed}")
            except BrokenError as error:
                failures.append(f"{scenario.name}: cut after {at} of {len(disk.changes)}, seed {seed}: {error}")
    return tried, failures


def traced(case: Case, *options: str) -> Disk:
    """Run the command once, and note what it does to the disk."""
    case.reset()
    trace = os.memfd_create("trace")
    try:
        ended = run_forked(lambda: case.run(*options), case.out, trace=trace)
        assert ended.code == case.undisturbed[0].code, ended.said
        os.lseek(trace, 0, os.SEEK_SET)
        with os.fdopen(os.dup(trace), "rb") as stream:
            return Disk.of(case.before, calls_of(stream.read(), case.out))
    finally:
        os.close(trace)


def _cuts(disk: Disk) -> Iterator[tuple[int, int]]:
    for at in range(len(disk.changes)):
        yield from ((at, seed) for seed in range(_ON_THE_WAY))
    yield from ((len(disk.changes), seed) for seed in range(_AFTER_THE_END))


def _try(case: Case, disk: Disk, at: int, seed: str) -> None:
    _, new = case.undisturbed
    entries, nodes = disk.cut(at, random.Random(seed))
    seen = visible(entries)
    if at == len(disk.changes) and not case.is_new(seen):
        raise BrokenError(f"it said that it was done: {difference(seen, new)}")
    expect_fit(case.scenario, entries, seen, case.old, new)
    _put(entries, nodes, case.out)
    case.expect_mended(seen)


def _put(entries: State, nodes: Mapping[str, int], folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    first: dict[int, Path] = {}
    for path, content in entries.items():
        if content is None:
            (folder / path).mkdir()
        elif nodes[path] in first:
            (folder / path).hardlink_to(first[nodes[path]])
        else:
            first[nodes[path]] = folder / path
            (folder / path).write_bytes(content)


if __name__ == "__main__":
    share_main(try_share)
