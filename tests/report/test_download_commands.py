"""The curl commands of the shopping list, run against a server that is laid out as Artifactory is."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import damage
from tests.damage import Damage
from tests.images.content import sample_layers
from tests.images.generated import make_image, make_index, write_artifactory_folder, write_artifactory_index
from tests.in_process import scan
from tests.transport.faulty_server import FaultyServer, Resource

APP = make_image(sample_layers("shopping", 60_000))
WORKER = make_image(sample_layers("worker", 30_000))
INDEX = make_index([make_image(sample_layers(name, 20_000), architecture=name) for name in ("amd64", "arm64")])
CHILD = INDEX.children[1]

pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="curl is not here; Debian: apt-get install curl")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FaultyServer]:
    """A remote repository: its children lie in folders with ``sha256__``, and its key ends in ``-cache``."""
    stored = tmp_path / "stored"
    write_artifactory_folder(APP, stored / "team" / "app" / "1.4")
    write_artifactory_folder(WORKER, stored / "team" / "worker" / "2.0")
    write_artifactory_index(INDEX, stored / "team" / "multi" / "3")
    with FaultyServer() as server:
        for path in filter(Path.is_file, stored.rglob("*")):
            content = Resource(path.read_bytes())
            server.resources[f"/artifactory/docker-cache/{path.relative_to(stored)}"] = content
            image, digest = path.relative_to(stored).parts[1], path.name.replace("__", ":")
            server.resources[f"/artifactory/api/docker/docker/v2/team/{image}/blobs/{digest}"] = content
        for child in INDEX.children:
            manifests = "/artifactory/api/docker/docker/v2/team/multi/manifests"
            server.resources[f"{manifests}/{child.manifest_digest}"] = Resource(child.manifest, child.media_type)
        yield server


def commands_of(download: Path, origin: str) -> list[str]:
    report = scan(download, "--from", origin).report
    return [entry["command"] for entry in report["downloads"]]


def mended_by_its_commands(download: Path, origin: str, rounds: int = 1) -> None:
    for _ in range(rounds):
        for command in commands_of(download, origin):
            subprocess.run(["/bin/sh", "-c", command], check=True, capture_output=True, timeout=30)
    report = scan(download).report
    assert [image["status"] for image in report["images"]] == ["intact"] * len(report["images"])


def lose(path: Path) -> None:
    path.unlink()


def split_and_cut(path: Path) -> None:
    damage.cut_at(path, 7000)
    damage.split(path, 3)


@pytest.mark.parametrize(
    "happens",
    [
        lambda path: damage.cut_at(path, 7000),
        lambda path: damage.gzip_again(damage.cut_at(path, 7000)),
        lambda path: damage.cut_at(damage.gzip_again(path), 5000),
        lambda path: damage.cut_at(damage.prepend(path), 5000),
        split_and_cut,
        damage.empty,
        damage.replace_by_html_login_page,
        damage.marker,
        lose,
    ],
    ids=["cut", "cut-gzip", "gzip-cut", "headers-cut", "pieces-cut", "empty", "page", "marker", "lost"],
)
def test_they_mend_a_layer(happens: Damage, server: FaultyServer, tmp_path: Path) -> None:
    folder = write_artifactory_folder(APP, tmp_path / "download" / "team" / "app" / "1.4")
    happens(folder / APP.layer_digests[0].file_name)
    mended_by_its_commands(tmp_path / "download", f"{server.url}/artifactory/docker-cache/team/app/1.4/")


@pytest.mark.parametrize("happens", [lambda path: damage.cut_at(path, 7000), split_and_cut], ids=["cut", "pieces-cut"])
def test_they_go_on_where_a_true_beginning_ends(happens: Damage, server: FaultyServer, tmp_path: Path) -> None:
    folder = write_artifactory_folder(APP, tmp_path / "download" / "team" / "app" / "1.4")
    happens(folder / APP.layer_digests[0].file_name)
    mended_by_its_commands(tmp_path / "download", f"{server.url}/artifactory/docker-cache/team/app/1.4")
    assert server.sent == len(APP.layers[0]) - 7000


def test_no_command_writes_to_a_file_that_is_something_else(server: FaultyServer, tmp_path: Path) -> None:
    folder = write_artifactory_folder(APP, tmp_path / "in" / "team" / "app" / "1.4")
    first, second = APP.layer_digests[:2]
    (folder / second.file_name).replace(folder / first.file_name)
    before = (folder / first.file_name).read_bytes()
    mended_by_its_commands(tmp_path / "in", f"{server.url}/artifactory/docker-cache/team/app/1.4/")
    assert (folder / first.file_name).read_bytes() == before


def test_no_command_writes_through_a_link(server: FaultyServer, tmp_path: Path) -> None:
    folder = write_artifactory_folder(APP, tmp_path / "in" / "team" / "app" / "1.4")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"far away")
    layer = folder / APP.layer_digests[0].file_name
    layer.unlink()
    layer.symlink_to(elsewhere)
    mended_by_its_commands(tmp_path / "in", f"{server.url}/artifactory/docker-cache/team/app/1.4/")
    assert elsewhere.read_bytes() == b"far away"


def test_no_command_writes_into_a_place_that_only_lends(server: FaultyServer, tmp_path: Path) -> None:
    folder = write_artifactory_folder(APP, tmp_path / "in" / "team" / "app" / "1.4")
    lent = write_artifactory_folder(APP, tmp_path / "lent")
    layer = APP.layer_digests[0].file_name
    (folder / layer).unlink()
    damage.cut_at(lent / layer, 5000)
    origin = f"{server.url}/artifactory/docker-cache/team/app/1.4/"
    report = scan(tmp_path / "in", "--borrow", tmp_path / "lent", "--from", origin).report
    (command,) = [entry["command"] for entry in report["downloads"]]
    assert f"-o {folder / layer} " in command


def test_what_is_in_an_archive_is_saved_outside_of_it(server: FaultyServer, tmp_path: Path) -> None:
    folder = write_artifactory_folder(APP, tmp_path / "in" / "team" / "app" / "1.4")
    (folder / APP.layer_digests[0].file_name).unlink()
    archive = shutil.make_archive(str(tmp_path / "all"), "zip", tmp_path / "in")
    (command,) = commands_of(Path(archive), f"{server.url}/artifactory/docker-cache/team/app/1.4/")
    assert f"-o {APP.layer_digests[0].file_name} " in command


def test_what_is_cut_in_an_archive_is_not_continued_there(server: FaultyServer, tmp_path: Path) -> None:
    folder = write_artifactory_folder(APP, tmp_path / "in" / "team" / "app" / "1.4")
    damage.cut_at(folder / APP.layer_digests[0].file_name, 5000)
    archive = shutil.make_archive(str(tmp_path / "all"), "zip", tmp_path / "in")
    (command,) = commands_of(Path(archive), f"{server.url}/artifactory/docker-cache/team/app/1.4/")
    assert f"-o {APP.layer_digests[0].file_name} " in command
    assert "-C -" not in command


def test_a_folder_whose_name_is_like_an_option_is_none(
    server: FaultyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_artifactory_folder(APP, tmp_path / "-x" / "team" / "app" / "1.4")
    (tmp_path / "-x" / "team" / "app" / "1.4" / APP.layer_digests[0].file_name).unlink()
    monkeypatch.chdir(tmp_path)
    (command,) = [
        entry["command"]
        for entry in scan("--from", f"{server.url}/artifactory/docker-cache/team/app/1.4/", "--", "-x").report[
            "downloads"
        ]
    ]
    assert " -o ./-x/team/app/1.4/" in command


@pytest.mark.parametrize("origin", ["docker-cache/team/app/1.4", "api/docker/docker/v2/team/app"])
def test_each_image_is_fetched_from_its_own_place(origin: str, server: FaultyServer, tmp_path: Path) -> None:
    app = write_artifactory_folder(APP, tmp_path / "download" / "team" / "app" / "1.4")
    worker = write_artifactory_folder(WORKER, tmp_path / "download" / "team" / "worker" / "2.0")
    lose(app / APP.layer_digests[1].file_name)
    lose(worker / WORKER.layer_digests[0].file_name)
    mended_by_its_commands(tmp_path / "download", f"{server.url}/artifactory/{origin}")


@pytest.mark.parametrize(
    "origin",
    [
        "{host}/team/app:1.4",
        "{host}/team/app",
        "{host}/team/app@sha256:" + "ab" * 32,
        "http://{host}/v2/team/app:1.4",
        "http://{host}/v2/team/app/manifests/1.4",
        "http://{host}/v2/",
        "http://{host}/artifactory/api/docker/docker/v2/team/app:1.4",
        "http://{host}/artifactory/api/docker/docker/team/app:1.4",
        "http://{host}/artifactory/api/docker/docker/v2",
        "http://{host}/artifactory/api/docker/docker",
        "http://{host}/artifactory/docker-cache/team/app/1.4/",
        "http://{host}/artifactory/docker-cache/team/app/1.4/manifest.json",
    ],
)
def test_every_way_to_name_a_place_gives_commands_that_work(origin: str, server: FaultyServer, tmp_path: Path) -> None:
    for path, resource in list(server.resources.items()):
        if "/v2/" in path:
            server.resources[path.removeprefix("/artifactory/api/docker/docker")] = resource
    folder = write_artifactory_folder(APP, tmp_path / "download" / "team" / "app" / "1.4")
    lose(folder / APP.layer_digests[0].file_name)
    mended_by_its_commands(tmp_path / "download", origin.format(host=server.host))


def test_docker_hub_gives_nothing_without_a_token_so_blobfix_is_the_command(tmp_path: Path) -> None:
    folder = write_artifactory_folder(APP, tmp_path / "team" / "app" / "1.4")
    lose(folder / APP.layer_digests[0].file_name)
    (command,) = commands_of(tmp_path, "team/app:1.4")
    assert command == f"blobfix complete {folder}/ --from docker.io/team/app:1.4"


def test_without_a_name_there_is_no_command_that_would_fail(tmp_path: Path) -> None:
    folder = write_artifactory_folder(APP, tmp_path / "x")
    lose(folder / APP.layer_digests[0].file_name)
    assert commands_of(folder, "https://registry.example/v2/") == [None]


def test_a_layer_of_an_index_s_child_is_fetched(server: FaultyServer, tmp_path: Path) -> None:
    write_artifactory_index(INDEX, tmp_path / "download" / "team" / "multi" / "3")
    for layer in (tmp_path / "download").rglob(CHILD.layer_digests[0].file_name):
        damage.cut_at(layer, 2000)
    mended_by_its_commands(tmp_path / "download", f"{server.url}/artifactory/docker-cache/team/multi/3")


def test_a_lone_index_is_completed_in_two_rounds(server: FaultyServer, tmp_path: Path) -> None:
    folder = tmp_path / "download" / "team" / "multi" / "3"
    write_artifactory_index(INDEX, folder)
    for child in INDEX.children:
        shutil.rmtree(folder.parent / child.manifest_digest.file_name)
    origin = f"{server.url}/artifactory/docker-cache/team/multi/3"
    assert all(re.search(r" -H 'Accept: [^']+' --create-dirs ", command) for command in commands_of(folder, origin))
    mended_by_its_commands(tmp_path / "download", origin, rounds=2)
