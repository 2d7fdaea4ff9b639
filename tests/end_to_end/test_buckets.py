"""Whole commands on buckets of a real server: what they say and do is what they say and do of a folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from importer.places.changes import SET_ASIDE
from importer.places.cloud.store import CloudStore
from tests.damage import cut_at
from tests.images.generated import write_artifactory_folder
from tests.in_process import run
from tests.programs.docker_registry import DockerRegistry
from tests.programs.rclone import RcloneServer
from tests.programs.s3_server import objects_in
from tests.programs.seaweedfs import SeaweedFS
from tests.programs.skopeo import Skopeo
from tests.server.test_serve import Blobfix
from tests.storage_tree.operators import ROWS, Row
from tests.storage_tree.pushed_tree import IMAGE, INDEX, MULTI, MULTI_TAG, NAME, TAG, PushedTree
from tests.storage_tree.test_in_a_bucket import IN_BUCKETS, MOVE_FOLDERS
from tests.storage_tree.written_tree import write_tree

pytestmark = pytest.mark.real_programs

TRIED = [row for row in IN_BUCKETS if row.name not in MOVE_FOLDERS][::5]
"""Every fifth; the bucket in memory goes through all."""

TOGETHER = ("layer-link-missing", "config-missing", "current-missing", "stray-in-tags", "index-layers-folder-missing")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> PushedTree:
    return write_tree(tmp_path_factory.mktemp("written"))


@pytest.fixture
def tree(written: PushedTree, tmp_path: Path) -> PushedTree:
    return written.copy_to(tmp_path / "registry")


@pytest.fixture
def weed(seaweedfs: SeaweedFS, monkeypatch: pytest.MonkeyPatch) -> SeaweedFS:
    seaweedfs.use(monkeypatch)
    return seaweedfs


@pytest.fixture
def download(tmp_path: Path) -> Path:
    return write_artifactory_folder(IMAGE, tmp_path / "download" / "team" / "app" / "1.4").parents[2]


def told(place: str, *options: str) -> tuple[int, str]:
    """The exit code and the report, which names the place as the folder is named."""
    result = run("repair-tree", place, "--format", "json", *options)
    return result.code, result.text.replace(place, "ROOT")


@pytest.mark.parametrize("row", TRIED, ids=lambda row: row.name)
def test_a_tree_in_a_bucket_is_repaired_as_one_in_a_folder(
    row: Row, tree: PushedTree, weed: SeaweedFS, download: Path
) -> None:
    row.damage(tree)
    place = weed.upload(tree.root, weed.new_place())
    blobs = weed.upload(download, weed.new_place()).shown("")
    url = place.shown("")
    assert told(url) == told(str(tree.root))
    of_bucket, of_folder = told(url, "--apply", "--blobs", blobs), told(str(tree.root), "--apply", "--blobs", blobs)
    assert of_bucket == of_folder
    assert in_use(objects_in(place)) == in_use(contents(tree.root))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def in_use(objects: dict[str, bytes]) -> dict[str, bytes]:
    """Without what was set aside, and with nothing unfinished beside that."""
    kept = {key: content for key, content in objects.items() if not key.startswith(f"{SET_ASIDE}/")}
    assert not [key for key in kept if key.startswith(".blobfix-")]
    return kept


def test_a_registry_serves_what_was_repaired_in_its_bucket(
    tree: PushedTree,
    weed: SeaweedFS,
    download: Path,
    serve_registry: Callable[..., DockerRegistry],
    skopeo: Skopeo,
    tmp_path: Path,
) -> None:
    for name in TOGETHER:
        next(row for row in ROWS if row.name == name).damage(tree)
    place = weed.upload(tree.root, weed.new_place())
    url = place.shown("")
    before = serve_registry(tmp_path, driver=weed.registry_driver(place))
    assert before.request(f"/v2/{NAME}/manifests/{TAG}").status != 200
    assert run("repair-tree", url, "--apply", "--blobs", download).code == 0
    assert json.loads(told(url)[1])["findings"] == []
    registry = serve_registry(tmp_path, driver=weed.registry_driver(place))
    for reference, manifest in ((f"{NAME}:{TAG}", IMAGE.manifest), (f"{MULTI}:{MULTI_TAG}", INDEX.manifest)):
        target = tmp_path / reference.replace("/", "-")
        skopeo.copy(f"docker://{registry.host}/{reference}", f"dir:{target}", "--all")
        assert (target / "manifest.json").read_bytes() == manifest


def test_a_registry_serves_what_was_written_to_its_bucket(
    weed: SeaweedFS, download: Path, serve_registry: Callable[..., DockerRegistry], skopeo: Skopeo, tmp_path: Path
) -> None:
    source = weed.upload(download, weed.new_place()).shown("")
    place = weed.new_place()
    for _ in range(2):
        written = run("to-registry-tree", source, "-o", place.shown(""))
        assert (written.code, f"Written to {place.shown('')}" in written.text) == (0, True)
    assert told(place.shown(""))[0] == 0
    assert in_use(objects_in(place)) == objects_in(place)
    registry = serve_registry(tmp_path, driver=weed.registry_driver(place))
    skopeo.copy(f"docker://{registry.host}/{NAME}:{TAG}", f"dir:{tmp_path / 'pulled'}")
    assert (tmp_path / "pulled" / "manifest.json").read_bytes() == IMAGE.manifest


def test_a_download_in_a_bucket_is_served(weed: SeaweedFS, download: Path, skopeo: Skopeo, tmp_path: Path) -> None:
    url = weed.upload(download, weed.new_place()).shown("")
    served = Blobfix([url], tmp_path / "log")
    try:
        skopeo.copy(f"docker://{served.host}/{NAME}:{TAG}", f"dir:{tmp_path / 'pulled'}")
    finally:
        served.stop()
    assert (tmp_path / "pulled" / "manifest.json").read_bytes() == IMAGE.manifest


@pytest.mark.parametrize("kind", [SeaweedFS, RcloneServer])
def test_a_download_in_a_bucket_is_read_as_in_a_folder(
    kind: type[SeaweedFS | RcloneServer],
    request: pytest.FixtureRequest,
    download: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    server = request.getfixturevalue("seaweedfs" if kind is SeaweedFS else "rclone_server")
    server.use(monkeypatch)
    cut_at(max((path for path in download.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size), 100)
    url = server.upload(download, server.new_place()).shown("")

    def report(place: str) -> tuple[int, str]:
        result = run("scan", place, "--format", "json")
        return result.code, result.text.replace(place, "PLACE")

    assert report(url) == report(str(download))
    assert run("to-docker-tar", download, "--borrow", url, "-o", tmp_path / "image.tar").code == 4


def test_a_server_without_conditions_is_read_and_not_written_to(
    rclone_server: RcloneServer, tree: PushedTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    rclone_server.use(monkeypatch)
    tree.current.unlink()
    place = rclone_server.upload(tree.root, rclone_server.new_place())
    before = objects_in(place)
    assert told(place.shown("")) == told(str(tree.root))
    refused = run("repair-tree", place.shown(""), "--apply")
    assert (refused.code, objects_in(place)) == (5, before)
    assert "the server ignores conditions" in refused.stderr


class TestTrouble:
    @pytest.mark.parametrize("command", ["scan", "repair-tree"])
    def test_where_nothing_is_the_place_is_named(self, command: str, weed: SeaweedFS) -> None:
        result = run(command, weed.new_place().shown(""))
        assert result.code in (2, 3)
        assert weed.endpoint not in result.stdout.decode()

    @pytest.mark.parametrize("command", ["scan", "repair-tree"])
    def test_refused_credentials_end_the_command(
        self, command: str, weed: SeaweedFS, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
        result = run(command, weed.new_place().shown(""))
        assert result.code == 5
        assert "refuses the credentials (403 SignatureDoesNotMatch)" in result.stderr
        assert "hunter2" not in result.output


def test_without_the_extra_the_way_to_get_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:2")
    result = run("scan", CloudStore("s3", "bucket").shown(""))
    assert (result.code, result.stderr) == (
        2,
        "blobfix: buckets need one more package: pip install 'obstore>=0.12,<0.13'\n",
    )
