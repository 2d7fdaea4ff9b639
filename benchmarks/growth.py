"""By which power of their number time and memory grow with files, images, blobs and links: 1 is linear.

Run: ``python -m benchmarks.growth [--scale F] [--seed N]``. Each input is made with half of its things and with all of
them; what a run on 40 of them takes is subtracted. Time is that of the processors. As it varies on a busy machine,
calls of functions are counted as well, in runs on a tenth, which no other program can disturb. The table is in the form
of docs/scale.md.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.measure import BLOBFIX, Run, run
from benchmarks.registry import images, write_filestore
from benchmarks.storage_tree import write_repository

_LAYERS: Final = 40
_FEWEST: Final = 4 * _LAYERS
_KIB: Final = 1 << 10
_COUNTING: Final = """
import sys, threading
from importer.cli.main import main
calls = 0
def count(frame, event, argument):
    global calls
    calls += event in ("call", "c_call")
threading.setprofile(count)
sys.setprofile(count)
try:
    main()
finally:
    sys.setprofile(None)
    print(calls, file=sys.stderr)
"""


@dataclass(frozen=True)
class Input:
    """What grows.

    Attributes:
        things: what is counted.
        command: what is run on it, the place last.
        count: how many there are at most.
        make: writes so many, by a seed, below a place.
    """

    things: str
    command: tuple[str, ...]
    count: int
    make: Callable[[Path, int, int], object]


def _files(place: Path, count: int, seed: int) -> None:
    for number in range(count):
        folder = place / f"folder{number // 1000}"
        folder.mkdir(exist_ok=True)
        (folder / f"file{number}.txt").write_text(f"{number} of {seed}")


def _images(place: Path, count: int, seed: int) -> None:
    write_filestore(place, list(images(count, seed)), 0, broken=count * 3 // 100, seed=seed)


def _blobs(place: Path, count: int, seed: int) -> None:
    for repository in range(count // _LAYERS):
        write_repository(place, repository, [b"%d %d %d" % (seed, repository, layer) for layer in range(_LAYERS)])


def _links(place: Path, count: int, seed: int) -> None:
    for repository in range(count // _LAYERS):
        write_repository(place, repository, [b"%d %d" % (seed, layer) for layer in range(_LAYERS)])


_INPUTS: Final = (
    Input("small files", ("scan",), 20_000, _files),
    Input("images", ("scan",), 1_000, _images),
    Input("blobs, each with a link", ("repair-tree",), 20_000, _blobs),
    Input("links to the same blobs", ("repair-tree",), 80_000, _links),
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print("| number of | half | all | time of each | growth of time, of calls | memory of each | growth of memory |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for each in _INPUTS:
        count = max(int(each.count * options.scale), _FEWEST)
        fewer = max(count // 10, _FEWEST)
        start, half, whole = (_measured(each, number, options.seed) for number in (_LAYERS, count // 2, count))
        seconds = half.processor - start.processor, whole.processor - start.processor
        memory = half.memory - start.memory, whole.memory - start.memory
        calls = [_calls(each, number, options.seed) for number in (_LAYERS, fewer // 2, fewer)]
        of_calls = _power((calls[1] - calls[0], calls[2] - calls[0]), fewer)
        print(
            f"| {each.things} | {count // 2:,} | {count:,} | {seconds[1] / count * 1e6:.0f} µs "
            f"| {_power(seconds, count):.2f}, {of_calls:.2f} "
            f"| {memory[1] / count / _KIB:.1f} KiB | {_power(memory, count):.2f} |",
            flush=True,
        )


def _power(values: tuple[float, float], count: int) -> float:
    """By which power values grow from half of a number of things to all, counted from where they were subtracted."""
    things = (count - _LAYERS) / (count // 2 - _LAYERS)
    return math.log(max(values[1], 1e-9) / max(values[0], 1e-9), things)


def _measured(each: Input, count: int, seed: int) -> Run:
    with tempfile.TemporaryDirectory(prefix="blobfix-benchmark-") as name:
        each.make(Path(name), count, seed)
        return run([BLOBFIX, *each.command, name, "--quiet"], allowed=(0, 1, 3, 4))


def _calls(each: Input, count: int, seed: int) -> int:
    with tempfile.TemporaryDirectory(prefix="blobfix-benchmark-") as name:
        each.make(Path(name), count, seed)
        command = [sys.executable, "-c", _COUNTING, *each.command, name, "--quiet", "--jobs", "1"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return int(done.stderr.split()[-1])


if __name__ == "__main__":
    main()
