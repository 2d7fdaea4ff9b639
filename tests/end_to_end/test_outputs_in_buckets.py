"""Layouts and trees in the bucket of a real server: several processes at once, and one that is ended."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from importer.places.cloud.store import CloudStore
from tests.blobfix import start
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, make_image, write_artifactory_folder
from tests.in_process import run
from tests.programs.rclone import RcloneServer
from tests.programs.s3_server import client_of, objects_in
from tests.programs.seaweedfs import SeaweedFS
from tests.programs.skopeo import Skopeo

pytestmark = pytest.mark.real_programs

IMAGES = {tag: make_image(sample_layers(tag, 9_000), docker=False) for tag in ("1", "2", "3")}
LARGE = make_image([{"large": os.urandom(12 << 20)}, *({f"{n}": os.urandom(24 << 20)} for n in range(3))], docker=False)
_DEADLINE = 120


@pytest.fixture
def place(seaweedfs: SeaweedFS, monkeypatch: pytest.MonkeyPatch) -> CloudStore:
    seaweedfs.use(monkeypatch)
    return seaweedfs.new_place()


def download(folder: Path, image: GeneratedImage, tag: str) -> Path:
    return write_artifactory_folder(image, folder / "team" / "app" / tag).parents[2]


def keys_in(place: CloudStore) -> list[str]:
    pages = client_of(place.endpoint).list(place.prefix)
    return [each["path"][len(place.prefix) :].lstrip("/") for page in pages for each in page]


def copied_out(place: CloudStore, folder: Path) -> Path:
    for key, content in objects_in(place).items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(content)
    return folder


@pytest.mark.parametrize("is_there", [False, True], ids=["new", "there"])
def test_several_add_to_one_layout_at_once(is_there: bool, place: CloudStore, skopeo: Skopeo, tmp_path: Path) -> None:
    if is_there:
        old = download(tmp_path / "old", make_image(sample_layers("old", 500), docker=False), "old")
        assert run("to-oci-layout", old, "-o", place.shown("")).code == 0
    sources = [download(tmp_path / tag, image, tag) for tag, image in IMAGES.items()]
    running = [start("to-oci-layout", source, "-o", place.shown("")) for source in sources]
    errors = [process.communicate(timeout=_DEADLINE)[1] for process in running]
    assert [process.returncode for process in running] == [0] * len(IMAGES), errors
    layout = copied_out(place, tmp_path / "layout")
    entries = json.loads((layout / "index.json").read_bytes())["manifests"]
    names = {entry["annotations"]["org.opencontainers.image.ref.name"] for entry in entries}
    assert names == {*IMAGES, *(["old"] if is_there else [])}
    for tag, image in IMAGES.items():
        skopeo.copy(f"oci:{layout}:{tag}", f"dir:{tmp_path / f'copied-{tag}'}")
        assert (tmp_path / f"copied-{tag}" / "manifest.json").read_bytes() == image.manifest
    assert not [key for key in keys_in(place) if key.startswith(".blobfix-")]


def test_of_two_that_give_a_tag_at_once_one_is_told(place: CloudStore, tmp_path: Path) -> None:
    sources = [download(tmp_path / tag, image, "1.4") for tag, image in IMAGES.items()]
    running = [start("to-registry-tree", source, "-o", place.shown("")) for source in sources]
    errors = [process.communicate(timeout=_DEADLINE)[1].decode() for process in running]
    ended = sorted(process.returncode for process in running)
    assert ended == [0, 2, 2], errors
    assert all("--replace-tags" in error for process, error in zip(running, errors, strict=True) if process.returncode)
    link = objects_in(place)["docker/registry/v2/repositories/team/app/_manifests/tags/1.4/current/link"].decode()
    winner = next(each for each, process in zip(IMAGES.values(), running, strict=True) if not process.returncode)
    assert link == str(winner.manifest_digest)
    assert run("repair-tree", place.shown("")).code == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_one_that_is_ended_leaves_the_old_state(number: signal.Signals, place: CloudStore, tmp_path: Path) -> None:
    assert run("to-registry-tree", download(tmp_path / "1", IMAGES["1"], "1"), "-o", place.shown("")).code == 0
    before = objects_in(place)
    source = download(tmp_path / "large", LARGE, "2")
    running = start("to-registry-tree", source, "-o", place.shown(""))
    while running.poll() is None and not any(key.startswith(".blobfix-adding/") for key in keys_in(place)):
        pass
    running.send_signal(number)
    said = running.communicate(timeout=_DEADLINE)[1].decode()
    after = objects_in(place)
    left = {key for key in after if key.startswith(".blobfix-")}
    assert {key: content for key, content in after.items() if key not in left} == before, said
    assert (running.returncode, bool(left)) == ((130, False) if number == signal.SIGTERM else (-number, True)), said
    assert run("to-registry-tree", source, "-o", place.shown("")).code == 0
    assert run("repair-tree", place.shown("")).code == 0


@pytest.mark.parametrize("command", ["to-registry-tree", "to-oci-layout"])
def test_a_server_without_conditions_gets_nothing(
    command: str, rclone_server: RcloneServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rclone_server.use(monkeypatch)
    place = rclone_server.fill(rclone_server.new_place(), {})
    result = run(command, download(tmp_path / "1", IMAGES["1"], "1"), "-o", place.shown(""))
    assert (result.code, objects_in(place)) == (5, {})
    assert "the server ignores conditions" in result.stderr
