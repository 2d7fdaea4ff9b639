"""What dead runs have left beside a download goes with the next run; what helps it stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.locking import exclusive
from tests.images.content import sample_layers
from tests.images.generated import make_image, write_artifactory_folder
from tests.in_process import run
from tests.torture.registry import REFERENCE, resources_of
from tests.transport.faulty_server import FaultyServer

_IMAGE = make_image(sample_layers("leftovers", 500))
_LAYER = _IMAGE.layer_digests[0].file_name


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer(resources_of(_IMAGE)) as server:
        yield server


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    """A whole download, and beside it what runs leave that are killed at their last step."""
    folder = write_artifactory_folder(_IMAGE, tmp_path / "team" / "app" / "1.4")
    (folder / f".blobfix-{_LAYER}.lock").touch()
    (folder / ".blobfix-0123456789abcdef").mkdir()
    (folder / ".blobfix-0123456789abcdef" / "lock").touch()
    (folder / ".blobfix-0123456789abcdef" / "manifest.json").write_bytes(_IMAGE.manifest)
    return folder


def _hidden(folder: Path) -> set[str]:
    return {path.name for path in folder.glob(".blobfix-*")}


def test_complete_takes_them_away(server: FaultyServer, downloads: Path, tmp_path: Path) -> None:
    assert run("complete", tmp_path, "--from", f"{server.host}/{REFERENCE}").code == 0
    assert _hidden(downloads) == set()


def test_pull_takes_them_away(server: FaultyServer, downloads: Path, tmp_path: Path) -> None:
    assert run("pull", f"{server.host}/{REFERENCE}", "-o", tmp_path).code == 0
    assert _hidden(downloads) == set()


def test_what_has_arrived_of_a_blob_stays(server: FaultyServer, downloads: Path, tmp_path: Path) -> None:
    part = downloads / f".blobfix-sha256__{'ab' * 32}.part"
    part.write_bytes(b"a beginning")
    assert run("complete", tmp_path, "--from", f"{server.host}/{REFERENCE}").code == 0
    assert _hidden(downloads) == {part.name}


def test_the_lock_of_a_living_run_stays(server: FaultyServer, downloads: Path, tmp_path: Path) -> None:
    lock = downloads / f".blobfix-{_LAYER}.lock"
    with exclusive(lock, lambda: None, lambda _: None):
        assert run("complete", tmp_path, "--from", f"{server.host}/{REFERENCE}").code == 0
        assert _hidden(downloads) == {lock.name}
