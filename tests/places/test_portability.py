"""What other systems don't allow, shown on this one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.images.content import sample_layers
from tests.images.generated import make_image, write_artifactory_folder
from tests.in_process import run

IMAGE = make_image(sample_layers("portable", 300_000))

OUTPUTS = {
    "to-docker-tar": ("image.tar",),
    "to-registry-tree": ("registry", "--name", "team/app:1.4"),
    "to-oci-layout": ("layout", "--name", "team/app:1.4"),
    "to-build-context": ("context",),
}


def open_files() -> set[tuple[int, int]]:
    """Device and inode of every file that this process has open."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            status = entry.stat()
        except OSError:
            continue
        found.add((status.st_dev, status.st_ino))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="the list of open files is read from Linux's /proc")
@pytest.mark.parametrize("command", sorted(OUTPUTS))
def test_no_file_takes_its_name_while_it_is_open(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows moves and removes no file that is open."""
    checked: list[Path] = []

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def move(path: Path, target: Path) -> Any:
            status = path.stat()
            assert (status.st_dev, status.st_ino) not in open_files(), f"{path} is open"
            checked.append(path)
            return real(path, target)

        return move

    monkeypatch.setattr(Path, "replace", guarded(Path.replace))
    monkeypatch.setattr(Path, "rename", guarded(Path.rename))
    folder = write_artifactory_folder(IMAGE, tmp_path / "in")
    name, *options = OUTPUTS[command]
    assert run(command, folder, "-o", tmp_path / name, *options).code == 0
    assert checked
