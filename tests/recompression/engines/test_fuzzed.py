"""The C code under a fuzzer, which looks for inputs that take new paths through it: clang's libFuzzer.

``make fuzz`` runs it for as long as FUZZ_SECONDS says, or ten minutes; the suite only a moment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.recompression.engines.test_sanitized import FLAGS
from tests.recompression.inputs import KINDS, make_input

pytestmark = pytest.mark.slow

SOURCE = Path(__file__).parent / "sanitized" / "fuzz.c"
SECONDS = int(os.environ.get("FUZZ_SECONDS", "3"))
LARGEST = 3000


@pytest.fixture
def fuzzer(tmp_path: Path) -> Path:
    binary = tmp_path / "fuzz"
    compiler = shutil.which("clang")
    if not compiler:
        pytest.skip("clang is not installed; get it with: apt-get install clang")
    flags = (*FLAGS, "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all")
    if subprocess.run([compiler, *flags, SOURCE, "-lz", "-o", binary], check=False).returncode:
        pytest.skip("this clang has no fuzzer, or zlib's header is missing")
    return binary


def seeds(folder: Path) -> Path:
    """Every encoder with content of every kind, to start from."""
    folder.mkdir()
    for level in range(1, 10):
        for choice in range(4):
            for kind in KINDS:
                start = bytes([level + choice // 2 * 10, choice + 40, 90, 31, 7])
                (folder / f"{level}-{choice}-{kind}").write_bytes(start + make_input(kind, 500, level))
    return folder


def test_fuzzer_finds_nothing(fuzzer: Path, tmp_path: Path) -> None:
    command = [str(fuzzer), f"-max_total_time={SECONDS}", f"-max_len={LARGEST}", "-seed=1", "-use_value_profile=1"]
    found = tmp_path / "found"
    done = subprocess.run(
        [*command, f"-artifact_prefix={found}-", str(seeds(tmp_path / "seeds"))],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
