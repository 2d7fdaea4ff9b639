"""A build context that is there already: the same command again leaves it as it is; nothing else is written to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.blobfix import snapshot
from tests.images.content import sample_layers
from tests.images.generated import make_image, write_artifactory_folder
from tests.in_process import run


@pytest.fixture
def download(tmp_path: Path) -> Path:
    return write_artifactory_folder(make_image(sample_layers("context", 3_000)), tmp_path / "in")


def other(tmp_path: Path) -> Path:
    return write_artifactory_folder(make_image(sample_layers("other", 3_000)), tmp_path / "other")


@pytest.mark.parametrize("options", [[], ["--squash"]])
def test_the_same_command_again_changes_nothing(download: Path, options: list[str], tmp_path: Path) -> None:
    context = tmp_path / "context"
    outcomes = [run("to-build-context", download, "-o", context, *options)]
    before = snapshot(context)
    outcomes.append(run("to-build-context", download, "-o", context, *options))
    assert [outcome.code for outcome in outcomes] == [0, 0]
    assert outcomes[0].output == outcomes[1].output
    assert snapshot(context) == before


@pytest.mark.parametrize("options", [[], ["--squash"]])
def test_another_images_context_stays(download: Path, options: list[str], tmp_path: Path) -> None:
    context = tmp_path / "context"
    assert run("to-build-context", other(tmp_path), "-o", context).code == 0
    before = snapshot(context)
    outcome = run("to-build-context", download, "-o", context, *options)
    assert outcome.code == 2
    assert "holds another build context; give a new or empty folder" in outcome.output
    assert snapshot(context) == before


@pytest.mark.parametrize("name", ["notes", "app.py"])
def test_a_context_with_files_of_others_stays(download: Path, name: str, tmp_path: Path) -> None:
    context = tmp_path / "context"
    assert run("to-build-context", download, "-o", context).code == 0
    (context / name).write_text("x")
    before = snapshot(context)
    assert run("to-build-context", download, "-o", context).code == 2
    assert snapshot(context) == before


def test_one_that_was_changed_stays(download: Path, tmp_path: Path) -> None:
    context = tmp_path / "context"
    assert run("to-build-context", download, "-o", context).code == 0
    with (context / "Dockerfile").open("a") as stream:
        stream.write("USER app\n")
    before = snapshot(context)
    assert run("to-build-context", download, "-o", context).code == 2
    assert snapshot(context) == before
