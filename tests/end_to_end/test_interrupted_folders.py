"""Outputs that are folders of their own appear whole or not at all, whatever ends the program."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from tests.blobfix import blobfix, contents, leftovers, snapshot, start
from tests.images.content import sample_layers
from tests.images.generated import make_image, write_artifactory_folder

COMMANDS = [("to-oci-layout",), ("to-build-context",), ("to-build-context", "--squash")]
_DEADLINE = 60.0


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image that takes long enough to write: plain layers, about 150 MB."""
    layers = [{f"data{number}": random.Random(number).randbytes(50 << 20)} for number in range(3)]
    return write_artifactory_folder(make_image(layers, "none"), tmp_path_factory.mktemp("in") / "team" / "app" / "1")


def begun(folder: Path, command: tuple[str, ...], source: Path, number: int) -> int:
    """Start the command, send it a signal when some of it is written, and give its exit code."""
    running = start(*command, source.parents[2], "-o", folder / "deep" / "out")
    end = time.monotonic() + _DEADLINE
    while not any(path.is_file() for left in leftovers(folder) for path in left.rglob("*")):
        assert running.poll() is None
        assert time.monotonic() < end
        time.sleep(0.001)
    running.send_signal(number)
    running.communicate(timeout=_DEADLINE)
    return running.returncode


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
class TestNewFolders:
    def test_an_interrupt_leaves_nothing(self, command: tuple[str, ...], source: Path, tmp_path: Path) -> None:
        assert begun(tmp_path, command, source, signal.SIGTERM) == 130
        assert list(tmp_path.iterdir()) == []

    def test_a_kill_leaves_unfinished_files_alone(self, command: tuple[str, ...], source: Path, tmp_path: Path) -> None:
        assert begun(tmp_path, command, source, signal.SIGKILL) == -signal.SIGKILL
        assert all(path.name.startswith(".blobfix-") for path in tmp_path.iterdir())
        result = blobfix(*command, source.parents[2], "-o", tmp_path / "deep" / "out", "-q")
        assert result.code == 0, result.stderr
        assert leftovers(tmp_path) == []


def test_a_layout_that_is_added_to_stays_as_it_was(source: Path, tmp_path: Path) -> None:
    older = write_artifactory_folder(make_image(sample_layers("older", 9_000)), tmp_path / "older")
    target = tmp_path / "work" / "deep" / "out"
    assert blobfix("to-oci-layout", older, "-n", "older/app:1", "-o", target).code == 0
    before = snapshot(target, times=True)
    assert begun(tmp_path / "work", ("to-oci-layout",), source, signal.SIGINT) == 130
    assert snapshot(target, times=True) == before
    assert begun(tmp_path / "work", ("to-oci-layout",), source, signal.SIGKILL) == -signal.SIGKILL
    visible = {name for name in contents(target) if ".blobfix-" not in name}
    assert visible == {name for name, state in before.items() if state[1] is not None}
