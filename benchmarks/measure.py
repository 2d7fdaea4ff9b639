"""Running a command and telling its time and its memory, as the operating system counts them."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20
BLOBFIX = str(Path(sys.executable).parent / "blobfix")
"""As it is installed beside this Python: what users run. From a checkout that can't keep its compiled modules,
every start compiles them anew, which takes as long as all the rest of the start."""


@dataclass(frozen=True)
class Run:
    """One finished run: seconds by the clock and of the processors, and the peak of resident memory in bytes."""

    seconds: float
    processor: float
    memory: int


@dataclass(frozen=True)
class Ratio:
    """A command beside its peer, run in turn."""

    seconds: float
    peer_seconds: float
    ratio: float
    memory: int


def fetch_memory(size: int = 2500 * MIB) -> None:
    """Touch as much memory as either side of a comparison will need, and give it back.

    The host of a virtual machine takes back what is free for a moment, and whoever touches it next
    waits for it: on the machine of docs/benchmarks.md that is 1.5 s for each GiB, more than all the work.
    """
    available = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    # In a process of its own: the system counts what this one had at its peak as its children's, too.
    subprocess.run([sys.executable, "-c", f"b'x' * {min(size, available // 2)}"], check=True)


def run(command: Sequence[str], allowed: Sequence[int] = (0,)) -> Run:
    """Run a command to its end; raises when it fails, that is ends with a code that isn't allowed."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in allowed:
        raise RuntimeError(f"{command} failed with {process.returncode}: {said.decode(errors='replace')}")
    return Run(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def compare(ours: Sequence[str], peer: Sequence[str], rounds: int, prepare: Callable[[], None]) -> Ratio:
    """Run two commands in turn, after one warm-up of each; the medians are what counts."""

    def settle() -> None:
        prepare()
        os.sync()
        fetch_memory()

    pairs = []
    for count in range(rounds + 1):
        settle()
        mine = run(ours)
        settle()
        theirs = run(peer)
        if count:
            pairs.append((mine, theirs))
    return Ratio(
        seconds=statistics.median(mine.seconds for mine, _ in pairs),
        peer_seconds=statistics.median(theirs.seconds for _, theirs in pairs),
        ratio=statistics.median(mine.seconds / theirs.seconds for mine, theirs in pairs),
        memory=max(mine.memory for mine, _ in pairs),
    )
