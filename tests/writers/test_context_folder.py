"""What a killed run has left in a build context is removed, and nothing else ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.places.durability import Durability
from importer.writers.context_folder import context_folder, unfinished_files

RUN = ".blobfix-0123456789abcdef"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    target = tmp_path / "context"
    (target / RUN).mkdir(parents=True)
    (target / "layer-1.tar.gz").write_bytes(b"a user's own")
    return target


def test_what_has_a_second_name_in_a_dead_runs_folder_is_a_leftover(target: Path) -> None:
    (target / RUN / "whole").mkdir()
    (target / RUN / "whole" / "layer-1.tar.gz").hardlink_to(target / "layer-1.tar.gz")
    assert unfinished_files(target) == (target / "layer-1.tar.gz",)


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_behind_a_link_nothing_is_a_leftover(kind: str, target: Path) -> None:
    if kind == "folder":
        (target / RUN / "whole").symlink_to("..")
    else:
        (target / RUN / "whole").mkdir()
        (target / RUN / "whole" / "layer-1.tar.gz").symlink_to(target / "layer-1.tar.gz")
    assert unfinished_files(target) == ()
    with context_folder(target, Durability()):
        pass
    assert (target / "layer-1.tar.gz").read_bytes() == b"a user's own"
