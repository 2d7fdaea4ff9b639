"""The same few thousand mutations in each run; and that the trial finds what is wrong."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from random import Random

import pytest

from tests.torture import limits, mutated_commands, mutations
from tests.torture.limits import run_limited
from tests.torture.mutated_commands import Inputs, _code_of, failure_of
from tests.torture.mutators import mutated
from tests.torture.readers import READERS, Reader

_TRIALS = 25

# The forks do nothing that needs a lock which another thread may hold.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*use of fork.. may lead to deadlocks:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    return Inputs(tmp_path_factory.mktemp("inputs"))


def test_no_mutation_brings_a_reader_or_a_command_down() -> None:
    figures = mutations.run(600, seed="suite", most=_TRIALS)
    assert figures.tried == _TRIALS * 101
    assert figures.failures == ()


def test_every_reader_takes_its_samples_as_they_are() -> None:
    for reader in READERS:
        for sample in reader.samples:
            try:
                reader.read(sample)
            except reader.errors:
                continue


def test_a_mutation_is_the_same_again() -> None:
    assert mutated(b"content" * 50, Random("a")) == mutated(b"content" * 50, Random("a"))


def test_a_reader_that_falls_is_found(inputs: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def falls(content: bytes) -> None:
        raise TypeError("unhashable type: 'dict'")

    monkeypatch.setattr(mutations, "READERS", (Reader("x", falls, (b"a",)),))
    failures = mutations.try_one("seed", 7, inputs, tmp_path / "trial")
    assert "the reader of x: Traceback" in failures[0]
    assert failures[0].endswith("again: python -m tests.torture.mutations seed 7")


@pytest.mark.parametrize(
    ("ending", "said"),
    [("raise TypeError", "ended with 99"), ("return 7", "ended with 7"), ("exhaust", "MB"), ("die", "ended with -15")],
)
def test_a_command_that_falls_or_takes_too_much_is_found(ending: str, said: str) -> None:
    def work() -> int:
        if ending == "raise TypeError":
            raise TypeError
        if ending == "exhaust":
            len(bytearray(b"a") * (600 << 20))
        if ending == "die":
            os.kill(os.getpid(), signal.SIGTERM)
        return 7 if ending == "return 7" else 0

    assert said in str(run_limited(work))


def test_what_the_command_line_calls_an_internal_error_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def falls(content: bytes) -> None:
        raise TypeError("unhashable type: 'dict'")

    monkeypatch.setattr("importer.inspection.file_facts.parse_document", falls)
    (tmp_path / "manifest.json").write_text("{}")
    assert "internal error, TypeError" in str(run_limited(lambda: _code_of(["scan", str(tmp_path)])))


def test_a_command_without_an_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SECONDS", 1.0)

    def work() -> int:
        while True:
            pass

    assert "took more than 1 s" in str(run_limited(work))


def test_a_changed_input_is_found(inputs: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoils(words: list[str], folder: Path, seed: int) -> int:
        (folder / "in" / "more").write_bytes(b"")
        return 0

    monkeypatch.setattr(mutated_commands, "_in_child", spoils)
    assert "the input was changed" in str(failure_of(inputs, tmp_path / "trial", Random(1)))
