"""What a Dask cluster of two local processes takes beside two threads: large blobs, and many small files.

Run: python -m benchmarks.cluster [LARGE] [SMALL] [RUNS]. LARGE blobs of 64 MiB and SMALL files of 4 KiB are scanned in
turn by both; the cluster's start and end, which no size changes, are told apart by a scan of one file.
"""

from __future__ import annotations

import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import BLOBFIX, MIB

_ENGINES = {"threads": ["-j", "2"], "dask": ["-j", "2", "--engine", "dask"]}


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock, and of processors, with all processes."""

    wall: float
    processors: float


def main(large: int = 160, small: int = 50_000, runs: int = 3) -> None:
    print(f"load before: {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        compare("one file", fill(root / "one", 1, 4096), runs)
        compare(f"{large} blobs of 64 MiB", fill(root / "large", large, 64 * MIB), runs)
        compare(f"{small:,} files of 4 KiB", fill(root / "small", small, 4096), runs)
    print(f"load after: {os.getloadavg()[0]:.1f}")


def compare(what: str, folder: Path, runs: int) -> None:
    """Scan with both engines in turn; reports must be the same."""
    spent: dict[str, list[Spent]] = {engine: [] for engine in _ENGINES}
    reports = set()
    for _ in range(runs):
        for engine, options in _ENGINES.items():
            used, report = scan(folder, options)
            spent[engine].append(used)
            reports.add(report)
    assert len(reports) == 1, "the reports differ"
    wall, processors = (
        {engine: statistics.median(getattr(each, kind) for each in runs) for engine, runs in spent.items()}
        for kind in ("wall", "processors")
    )
    for kind, seconds in (("wall", wall), ("processors", processors)):
        ratio = seconds["dask"] / seconds["threads"]
        print(f"{what}, {kind}: threads {seconds['threads']:.2f} s, dask {seconds['dask']:.2f} s, {ratio:.2f} x")


def scan(folder: Path, options: list[str]) -> tuple[Spent, bytes]:
    """One scan, and its report."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [BLOBFIX, "scan", str(folder), "--format", "json", *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    assert done.returncode == 3, done.returncode
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Spent(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime), done.stdout


def fill(folder: Path, count: int, size: int) -> Path:
    """A folder of files that nobody has seen before, 1,000 in each folder."""
    source = random.Random(1)
    block = source.randbytes(size)
    for number in range(count):
        path = folder / f"{number // 1000:03}" / f"blob-{number:06}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(number.to_bytes(8, "big") + block[8:])
    return folder


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
