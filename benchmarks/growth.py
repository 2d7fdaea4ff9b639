"""By which power of their number time and memory grow with files, images, blobs and links: 1 is linear.

Run: ``python -m benchmarks.growth [--scale F] [--seed N]``. Each input is made with half of its things and with all of
them; what a run on one file takes is subtracted. Time is that of the processors, so other programs hardly matter. The
table is in the form of docs/scale.md.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.measure import BLOBFIX, Run, run
from benchmarks.registry import images, write_filestore
from benchmarks.storage_tree import write_repository

_LAYERS: Final = 40
_KIB: Final = 1 << 10


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
    print("| number of | half | all | time of each | growth of time | memory of each | growth of memory |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for each in _INPUTS:
        count = int(each.count * options.scale)
        start, half, whole = (_measured(each, number, options.seed) for number in (_LAYERS, count // 2, count))
        seconds = half.processor - start.processor, whole.processor - start.processor
        memory = half.memory - start.memory, whole.memory - start.memory
        print(
            f"| {each.things} | {count // 2:,} | {count:,} | {seconds[1] / count * 1e6:.0f} µs | {_power(seconds):.2f} "
            f"| {memory[1] / count / _KIB:.1f} KiB | {_power(memory):.2f} |",
            flush=True,
        )


def _power(values: tuple[float, float]) -> float:
    return math.log2(max(values[1], 1e-9) / max(values[0], 1e-9))


def _measured(each: Input, count: int, seed: int) -> Run:
    with tempfile.TemporaryDirectory(prefix="blobfix-benchmark-") as name:
        each.make(Path(name), count, seed)
        return run([BLOBFIX, *each.command, name, "--quiet"], allowed=(0, 1, 3, 4))


if __name__ == "__main__":
    main()
