"""How fast the recompression is, against the programs whose output it reproduces.

Run it from the top of the repository, with blobfix and the originals installed (see
``tests/recompression/engines/make_vectors.py``)::

    GO_1_27=…/go python -m benchmarks.recompression [TAR]

Without a TAR one of about 100 MB is made of this Python's own files. Every program has one core, and Go's
times are by its own clock around the compression alone. Prints each figure beside its bound; the exit
code is 1 when one is not kept.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from importer.domain.digest import Digest
from importer.recompression import (
    IS_NATIVE,
    Compressor,
    Evidence,
    KnownCompressor,
    Wanted,
    encoder_of,
    find_compressor,
    gzip_encoder_of,
    known_compressors,
    order_by_evidence,
    recognise,
)
from importer.recovery.recompress.compressor_search import TELLING_BYTES
from tests.recompression.engines.originals import ORIGINALS, Original, Programs

_REPEATS: Final = 5
_MADE_SIZE: Final = 100_000_000
_READ: Final = 1 << 18

_BOUNDS: Final = {
    "Go 1.19, level 6": 1.2,
    "Go 1.19, level 1": 1.2,
    "Go 1.27, level 6": 2.0,
    "Go 1.27, level 1": 2.0,
    "pgzip, klauspost 1.15.12, 1024 KiB": 2.0,
    "pgzip's blocks, Go 1.27, 1024 KiB": 2.0,
}
_SEARCH_BOUND: Final = 1.3
_SEARCHED: Final = ("Go ≤1.26, level 6", "pgzip, klauspost 1.15.10-1.18.0, 1024 KiB blocks", "pigz, level 6")
_MEMORY_BOUND: Final = 64.0

_MEMORY_SCRIPT: Final = """
import sys
from pathlib import Path
from importer.domain.digest import Digest
from importer.recompression import Wanted, find_compressor, known_compressors
find_compressor(lambda: open(sys.argv[1], "rb"), Wanted(Digest.of(b"")), known_compressors()[:6])
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(int(status["VmHWM"].split()[0]) / 1024)
"""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    seconds: float
    against: float
    bound: float

    @property
    def is_kept(self) -> bool:
        """Whether the bound is kept."""
        return self.seconds <= self.bound * self.against

    def __str__(self) -> str:
        times = f"{self.seconds:6.2f} s {self.against:6.2f} s {self.seconds / self.against:5.2f} ×"
        return f"{self.what:62} {times}  (at most {self.bound} ×){'' if self.is_kept else '  NOT KEPT'}"


def _best(run: Callable[[], float | None]) -> float:
    """The shortest of several runs, in seconds; by the run's own clock if it tells."""
    times = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        told = run()
        times.append(time.perf_counter() - start if told is None else told)
    return min(times)


def _make_tar(path: Path) -> None:
    """A tar of Python's library, in the order of the names, up to the size."""
    with tarfile.open(path, "w") as archive:
        for file in sorted(Path(sysconfig.get_paths()["stdlib"]).rglob("*")):
            if file.is_file() and not file.is_symlink():
                archive.add(file, recursive=False)
            if path.stat().st_size > _MADE_SIZE:
                return


@contextmanager
def _tar(given: Path | None) -> Iterator[Path]:
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "made.tar")
        _make_tar(path)
        yield path


def _compress(compressor: Compressor, path: Path) -> None:
    encoder = encoder_of(compressor)
    with path.open("rb") as stream:
        while chunk := stream.read(_READ):
            encoder.write(chunk)
    encoder.finish()


def _encoders(path: Path) -> Iterator[Row]:
    """The C form against the original, on the same tar."""
    programs = Programs()
    installed = programs.installed()
    data = path.read_bytes()
    try:
        for original in ORIGINALS:
            bound = _BOUNDS.get(original.name)
            if bound is not None and original not in installed:
                print(f"{original.name}: not installed")
            elif bound is not None:
                yield _encoder(original, programs, path, data)
    finally:
        programs.close()


def _encoder(original: Original, programs: Programs, path: Path, data: bytes) -> Row:
    ours = _best(lambda: _compress(original.compressor, path))
    theirs = _best(lambda: programs.seconds(original, data))
    return Row(f"{original.name}, in C", ours, theirs, _BOUNDS[original.name])


def _searches(path: Path) -> Iterator[Row]:
    """With a sibling as evidence, whose compressor is found first, against one compression."""
    for known in known_compressors():
        if known.name in _SEARCHED:
            yield from _search(path, known)


def _search(path: Path, known: KnownCompressor) -> Iterator[Row]:
    data = path.read_bytes()
    encoder = gzip_encoder_of(known.compressor, known.headers[0])
    blob = encoder.write(data) + encoder.finish()
    wanted = Wanted(Digest.of(blob), len(blob))

    def find() -> None:
        evidence = Evidence(siblings=[recognise(lambda: io.BytesIO(blob), most=TELLING_BYTES)])
        ordered = order_by_evidence(known_compressors(), evidence)
        if not find_compressor(lambda: path.open("rb"), wanted, ordered, first_alone=evidence.is_certain).found:
            sys.exit(f"{known.name} was not found")

    def look_at() -> None:
        recognise(lambda: io.BytesIO(blob))

    once = _best(lambda: _compress(known.compressor, path))
    yield Row(f"finding: {known.name}", _best(find), once, _SEARCH_BOUND)
    print(f"recognising: {known.name}: {_best(look_at) / once:.2f} × one compression (no bound)")


def _memory(path: Path) -> float:
    """The most that a process takes in which six compressors are tried, Python included, in MiB; on Linux."""
    command = [sys.executable, "-c", _MEMORY_SCRIPT, str(path)]
    return float(subprocess.run(command, capture_output=True, check=True).stdout)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tar", type=Path, nargs="?")
    options = parser.parse_args()
    if not IS_NATIVE:
        sys.exit("blobfix was installed without a C compiler: there is nothing to measure")
    os.environ["GOMAXPROCS"] = "1"
    kept = True
    with _tar(options.tar) as path:
        print(f"{path.stat().st_size / 1e6:.0f} MB of tar, the best of {_REPEATS} runs\n")
        for rows in (_encoders(path), _searches(path)):
            for row in rows:
                print(row, flush=True)
                kept = kept and row.is_kept
        memory = _memory(path)
    print(f"memory for trying six compressors: {memory:.1f} MiB (at most {_MEMORY_BOUND:.0f} MiB)")
    return 0 if kept and memory <= _MEMORY_BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
