"""How long a damaged layer keeps a scan busy: ``python -m benchmarks.damaged_layer [--rounds N] [--size MIB]``.

The peers decompress that one layer once, as it was before the damage: gzip, and the library that blobfix itself uses
together with the hash that any proof takes. The files are in the page cache, as after a download.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.large_image import make_image
from benchmarks.measure import BLOBFIX, MIB, compare

BOUND = 3.0
LOST = 4
"""The exit code of a scan that finds a layer lost."""

_ISAL = """
import hashlib, sys
from isal import igzip
hashed = hashlib.sha256()
with igzip.open(sys.argv[1]) as stream:
    while block := stream.read(1 << 18):
        hashed.update(block)
"""


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=700, help="MiB of gzip in the damaged layer")
    parser.add_argument("--blobfix", default=BLOBFIX, help="the program to measure")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="blobfix-benchmark-") as name:
        folder = Path(name)
        make_image(folder, [options.size, 1])
        shutil.rmtree(folder / "skopeo")
        print("| blobfix / other program | target | ratio | blobfix | other | memory |")
        print("|---|---|---|---|---|---|")
        for row in _rows(folder, options.rounds, options.blobfix):
            print(row, flush=True)


def _rows(folder: Path, rounds: int, blobfix: str) -> Iterator[str]:
    layer = max((path for path in folder.rglob("sha256__*")), key=lambda path: path.stat().st_size)
    scan = ["sh", "-c", f'"$@" || test $? -eq {LOST}', "sh", blobfix, "scan", str(folder / "artifactory")]
    for damage, spoil in (("a bit flipped near its end", _flip), ("cut before its end", _cut)):
        whole = Path(shutil.copy(layer, folder / "whole.gz"))
        spoil(layer)
        for peer, command in (
            ("gzip -dc", ["gzip", "-dc", str(whole)]),
            ("isal and sha256", [sys.executable, "-c", _ISAL, str(whole)]),
        ):
            ratio = compare(scan, command, rounds, lambda: None)
            yield (
                f"| `scan`, a layer with {damage} / `{peer}` of the layer | {BOUND} × | **{ratio.ratio:.2f} ×** "
                f"| {ratio.seconds:.2f} s | {ratio.peer_seconds:.2f} s | {ratio.memory // MIB} MiB |"
            )
        whole.replace(layer)


def _flip(layer: Path) -> None:
    with layer.open("r+b") as stream:
        stream.seek(layer.stat().st_size * 99 // 100)
        byte = stream.read(1)[0]
        stream.seek(-1, os.SEEK_CUR)
        stream.write(bytes([byte ^ 1]))


def _cut(layer: Path) -> None:
    os.truncate(layer, layer.stat().st_size * 99 // 100)


if __name__ == "__main__":
    main()
