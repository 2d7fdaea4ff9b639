"""The C code under AddressSanitizer and UndefinedBehaviorSanitizer, over a corpus and random inputs.

``make sanitize`` runs it over many more inputs than the suite does: SANITIZED_INPUTS says how many.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.recompression import IS_NATIVE
from importer.recompression.engines.encoders import Encoder
from importer.recompression.engines.go_flate import classic_encoder, modern_encoder
from importer.recompression.engines.pgzip import Pgzip
from tests.recompression.engines.make_vectors import VECTORS
from tests.recompression.inputs import KINDS, make_input, random_input

pytestmark = pytest.mark.slow

SOURCE = Path(__file__).parent / "sanitized" / "main.c"
FLAGS = ("-O1", "-g", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fno-omit-frame-pointer")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
INPUTS = int(os.environ.get("SANITIZED_INPUTS", "4"))
EDGES = (0, 1, 13, 33, 128, 65535, 65536)
BEHIND_THE_LIMIT = 700_000
"""Bytes after which every encoder that started late has lowered its positions."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[bytes]]:
    compiler = os.environ.get("CC") or shutil.which("cc")
    binary = tmp_path_factory.mktemp("sanitized") / "main"
    if not IS_NATIVE or not compiler:
        pytest.skip("blobfix was installed without a C compiler")
    if subprocess.run([compiler, *FLAGS, *SANITIZERS, SOURCE, "-o", binary], check=False).returncode:
        pytest.skip("this compiler has no sanitizers")
    with subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1 << 20) as running:
        yield running
        assert running.stdin
        running.stdin.close()
        assert running.wait() == 0, "a sanitizer has found something: see its message above"


def ask(program: subprocess.Popen[bytes], request: str, data: bytes) -> bytes:
    assert program.stdin
    assert program.stdout
    program.stdin.write(f"{request} {len(data)}\n".encode() + data)
    program.stdin.flush()
    size = program.stdout.readline()
    assert size, "a sanitizer has found something: see its message above"
    return program.stdout.read(int(size))


def whole(encoder: Encoder, data: bytes) -> bytes:
    return encoder.write(data) + encoder.finish()


def check(program: subprocess.Popen[bytes], data: bytes, rng: random.Random) -> None:
    """All encoders, with pieces and blocks of random sizes; the bytes are those of the extension.

    Every other one starts late: as far into a stream as its positions grow before it lowers them.
    """
    piece = 1 + int(rng.random() ** 3 * 100_000)
    late = int(rng.random() < 0.5)
    for level in range(1, 10):
        assert ask(program, f"c {level} 0 0 {piece} {late}", data) == whole(classic_encoder(level), data)
    for level in range(1, 10):
        full = rng.random() < 0.5
        expected = whole(modern_encoder(level, full_tables=full), data)
        assert ask(program, f"m {level} {int(full)} 0 {piece} {late}", data) == expected
        block = 16385 + int(rng.random() ** 2 * 300_000)
        pgzip = Pgzip(modern_encoder(level, full_tables=full), block)
        assert ask(program, f"m {level} {int(full)} {block} {piece} {late}", data) == whole(pgzip, data)


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Pieces of the data, repeated, moved and changed: what a fuzzer would do to it."""
    out = bytearray(data)
    for _ in range(int(rng.random() * 20)):
        start, length = int(rng.random() * (len(out) + 1)), int(rng.random() ** 4 * 40_000)
        piece = out[start : start + length]
        at = int(rng.random() * (len(out) + 1))
        out[at : at + int(rng.random() * 2) * len(piece)] = piece * (1 + int(rng.random() * 3))
    return bytes(out[:600_000])


@pytest.mark.parametrize("kind", KINDS)
def test_corpus(program: subprocess.Popen[bytes], kind: str) -> None:
    rng = random.Random(kind)
    for size in EDGES:
        check(program, make_input(kind, size, size), rng)


def test_random_inputs(program: subprocess.Popen[bytes]) -> None:
    for seed in range(INPUTS):
        rng = random.Random(seed)
        check(program, mutated(random_input(seed, 300_000), rng), rng)


@pytest.mark.parametrize("kind", ["tar", "echoes"])
def test_positions_are_lowered_without_a_trace(program: subprocess.Popen[bytes], kind: str) -> None:
    data = make_input(kind, BEHIND_THE_LIMIT, 7)
    for level in range(1, 10):
        assert ask(program, f"c {level} 0 0 50000 1", data) == whole(classic_encoder(level), data)
        for full in (False, True):
            expected = whole(modern_encoder(level, full_tables=full), data)
            assert ask(program, f"m {level} {int(full)} 0 50000 1", data) == expected


def test_inputs_of_the_vectors(program: subprocess.Popen[bytes]) -> None:
    """All of them in the long run of ``make sanitize``."""
    inputs = [(one["kind"], one["size"], one["seed"]) for one in json.loads(VECTORS.read_text())]
    for number, (kind, size, seed) in enumerate(inputs[:: max(1, 100 // INPUTS)]):
        check(program, make_input(kind, size, seed), random.Random(number))
