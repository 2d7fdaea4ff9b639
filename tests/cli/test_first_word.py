"""The first word of a command line: a command, a path to look at, or something that was meant otherwise."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.images.generated import small_image, write_artifactory_folder
from tests.in_process import run

IMAGE = small_image()


@pytest.fixture
def download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_artifactory_folder(IMAGE, tmp_path / "my images" / "team" / "app" / "1")
    write_artifactory_folder(IMAGE, tmp_path / "scann" / "team" / "other" / "1")
    return tmp_path


@pytest.mark.parametrize(
    "line",
    [
        "'my images'",
        "./'my images'",
        "'my images' scann",
        "scann",
        "-q 'my images'",
        "'my images' -q",
        "--format json 'my images'",
        "'my images' --format json --select team/app:1",
        "-- 'my images'",
        "scann --select nothing",
        "--borrow scann 'my images'",
    ],
)
def test_a_path_or_an_option_of_scan_is_scanned(line: str, download: Path) -> None:
    words = shlex.split(line)
    assert download.exists()
    bare, full = run(*words), run("scan", *words)
    assert (bare.code, bare.stdout, bare.stderr) == (full.code, full.stdout, full.stderr)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("skan 'my images'", "did you mean: blobfix scan 'my images'"),
        ("SCAN 'my images' -q", "did you mean: blobfix scan 'my images' -q"),
        ("to-docker-tra x -o y", "did you mean: blobfix to-docker-tar x -o y"),
        ("repairtree x", "did you mean: blobfix repair-tree x"),
        ("xyzzy", "xyzzy is neither a command nor a path here; `blobfix --help` lists the commands"),
        ("my/images", "my/images: there is no such file or folder"),
        ("./images", "./images: there is no such file or folder"),
        ("https://host.example/a/b", "blobfix pull https://host.example/a/b -o downloads"),
        ("'https://host.example/a b&c'", "blobfix pull 'https://host.example/a b&c' -o downloads"),
        ("host.example/team/app:1.4", "blobfix pull host.example/team/app:1.4 -o downloads"),
        ("$'\\x1b[2J'", "neither a command nor a path"),
    ],
)
def test_a_word_that_is_neither_names_what_may_be_meant(line: str, said: str, download: Path) -> None:
    words = ["\x1b[2J"] if line.startswith("$") else shlex.split(line)
    assert download.exists()
    refused = run(*words)
    assert (refused.code, refused.stdout) == (2, b"")
    assert said in refused.stderr
    assert "\x1b" not in refused.stderr


def test_the_help_tells_it() -> None:
    assert "blobfix PATH..." in run("--help").output
