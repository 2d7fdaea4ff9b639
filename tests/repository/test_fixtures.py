"""The committed downloads are what their README says, and Git hasn't changed a byte of them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.images.artifactory import wrong_names

HOME = Path(__file__).parents[2] / "fixtures"
DOWNLOAD = "downloads/team/app/1.4"


@pytest.fixture(scope="module")
def layers() -> list[str]:
    manifest = json.loads((HOME / "clean" / DOWNLOAD / "manifest.json").read_bytes())
    return [layer["digest"].replace(":", "__") for layer in manifest["layers"]]


@pytest.fixture(scope="module")
def config() -> Path:
    folder = HOME / "clean" / DOWNLOAD
    digest: str = json.loads((folder / "manifest.json").read_bytes())["config"]["digest"]
    return folder / digest.replace(":", "__")


def test_clean_is_whole(layers: list[str], config: Path) -> None:
    folder = HOME / "clean" / DOWNLOAD
    assert {path.name for path in folder.iterdir()} == {"manifest.json", config.name, *layers}
    assert wrong_names(folder) == []


def test_damaged_holds_everything_in_some_form(layers: list[str], config: Path) -> None:
    folder = HOME / "damaged" / DOWNLOAD
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    diff_ids = json.loads(config.read_bytes())["rootfs"]["diff_ids"]
    assert f"sha256:{hashes[layers[0]]}" == diff_ids[0]
    assert f"sha256__{hashes[f'{layers[1]} (1)']}" == layers[1]
    assert f"sha256__{hashes[layers[2]]}" == layers[2]
    assert f"sha256__{hashes['download.json']}" == config.name
    assert {f"{layers[2]}.part", "notes.txt", "manifest.json"} < set(hashes)


def test_lost_lacks_two_layers(layers: list[str]) -> None:
    assert sorted(wrong_names(HOME / "lost" / DOWNLOAD)) == sorted(layers[:2])


def test_all_have_the_same_manifest() -> None:
    assert len({(HOME / kind / DOWNLOAD / "manifest.json").read_bytes() for kind in ("clean", "damaged", "lost")}) == 1


def test_together_they_stay_small() -> None:
    assert sum(path.stat().st_size for path in HOME.rglob("*") if path.is_file()) < 1_000_000
