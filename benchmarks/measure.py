"""Running a command and telling its time and its memory, as the operating system counts them."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True)
class Run:
    """One finished run: seconds by the clock, and the peak of resident memory in bytes."""

    seconds: float
    memory: int


@dataclass(frozen=True)
class Ratio:
    """A command beside its peer, run in turn."""

    seconds: float
    peer_seconds: float
    ratio: float
    memory: int


def run(command: Sequence[str]) -> Run:
    """Run a command to its end; raises when it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} failed with {process.returncode}: {said.decode(errors='replace')}")
    return Run(time.perf_counter() - started, usage.ru_maxrss * 1024)


def compare(ours: Sequence[str], peer: Sequence[str], rounds: int, prepare: Callable[[], None]) -> Ratio:
    """Run two commands in turn, after one warm-up of each; the medians are what counts."""
    pairs = []
    for count in range(rounds + 1):
        prepare()
        os.sync()
        mine = run(ours)
        prepare()
        os.sync()
        theirs = run(peer)
        if count:
            pairs.append((mine, theirs))
    return Ratio(
        seconds=statistics.median(mine.seconds for mine, _ in pairs),
        peer_seconds=statistics.median(theirs.seconds for _, theirs in pairs),
        ratio=statistics.median(mine.seconds / theirs.seconds for mine, theirs in pairs),
        memory=max(mine.memory for mine, _ in pairs),
    )
