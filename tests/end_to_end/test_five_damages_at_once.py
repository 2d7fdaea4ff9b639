"""Five damages in one download of a really pushed image: no option is needed to get the image back, its id proven."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import damage
from tests.blobfix import blobfix, scan, snapshot
from tests.images.artifactory import artifactory_folder
from tests.images.built import PushedImage, build_and_push
from tests.images.content import Files, text
from tests.programs.docker_registry import DockerRegistry
from tests.programs.dockerd import Dockerd

HEADERS = b"HTTP/1.1 200 OK\r\nServer: Artifactory/7.77.5\r\nX-Request-Trace: ".ljust(508, b"0") + b"\r\n\r\n"
FIVE_LAYERS: list[Files] = [
    {f"srv/part{number}/data.txt": text(f"five/{number}", 40_000), f"srv/part{number}/README": b"part\n"}
    for number in range(5)
]


@pytest.fixture(scope="module")
def image(docker_daemon: Dockerd, docker_registry: DockerRegistry) -> PushedImage:
    return build_and_push(docker_daemon, docker_registry, FIVE_LAYERS, "team/five", "2.0")


@pytest.fixture(scope="module")
def pristine(image: PushedImage, docker_registry: DockerRegistry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("five") / image.name / image.tag
    return artifactory_folder(docker_registry, image.name, image.tag, folder)


def end_line_as_windows_does(config: Path) -> None:
    damage.append(config, b"\r\n")


def print_as_windows_viewers_do(config: Path) -> None:
    damage.crlf(damage.add_newline(damage.reindent(config, 2)))


@pytest.fixture(
    params=[(end_line_as_windows_does, "BF210"), (print_as_windows_viewers_do, "BF211")], ids=["line ends", "indents"]
)
def of_config(request: pytest.FixtureRequest) -> tuple[Callable[[Path], None], str]:
    value: tuple[Callable[[Path], None], str] = request.param
    return value


@pytest.fixture
def place(pristine: Path, of_config: tuple[Callable[[Path], None], str], tmp_path: Path) -> Path:
    """The download: four of its five layers and the config have met with something."""
    assert len(HEADERS) == 512
    folder = Path(shutil.copytree(pristine, tmp_path / "downloads" / "team" / "five" / "2.0"))
    manifest = json.loads((folder / "manifest.json").read_bytes())
    config, *layers = (
        folder / entry["digest"].replace(":", "__") for entry in (manifest["config"], *manifest["layers"])
    )
    damage.gunzip_in_place(layers[0])
    damage.gzip_again(layers[1])
    damage.rename(layers[2], "layer (1).tar.gz")
    damage.prepend(layers[3], HEADERS)
    of_config[0](config)
    return tmp_path / "downloads"


def test_each_damage_is_named(place: Path, of_config: tuple[Callable[[Path], None], str]) -> None:
    report = scan(place, code=1)
    told = {finding["code"] for finding in report["findings"]}
    assert told == {"BF101", "BF205", "BF206", "BF207", "BF307", of_config[1]}
    (seen,) = report["images"]
    assert seen["status"] == "repairable"
    assert seen["outputs"] == {"registry-tree": "exact", "docker-tar": "exact", "oci-layout": "exact"}
    assert report["downloads"] == []


def test_docker_loads_the_original_image_and_a_second_scan_is_clean(
    place: Path, image: PushedImage, dockerd: Dockerd, tmp_path: Path
) -> None:
    before, tar = snapshot(place, times=True), tmp_path / "five.tar"
    result = blobfix("to-docker-tar", place, "-o", tar)
    assert result.code == 0, result.stderr
    assert snapshot(place, times=True) == before

    dockerd.load(tar)
    assert dockerd.image_id("team/five:2.0") == image.image_id
    assert dockerd.image_ids() == [image.image_id]

    second = scan(tar, "--deep", code=0)
    assert [(one["status"], one["image_id"]) for one in second["images"]] == [("intact", image.image_id)]
    assert {finding["severity"] for finding in second["findings"]} <= {"info"}


def test_docker_pulls_the_original_image_from_a_tree(
    place: Path, image: PushedImage, dockerd: Dockerd, serve_registry: Callable[..., DockerRegistry], tmp_path: Path
) -> None:
    root = tmp_path / "registry"
    result = blobfix("to-registry-tree", place, "-o", root)
    assert result.code == 0, result.stderr
    registry = serve_registry(root, readonly=True)
    assert dockerd.pull(f"{registry.host}/team/five:2.0") == image.image_id

    second = scan(root, "--deep", code=0)
    assert [(one["status"], one["manifest_digest"]) for one in second["images"]] == [("intact", image.manifest_digest)]
    assert {finding["severity"] for finding in second["findings"]} <= {"info"}


def test_docker_pulls_the_same_image_from_a_tree_under_a_new_digest(
    place: Path, image: PushedImage, dockerd: Dockerd, serve_registry: Callable[..., DockerRegistry], tmp_path: Path
) -> None:
    root = tmp_path / "registry"
    assert blobfix("to-registry-tree", place, "-o", root, "--no-recompress").code == 4
    assert not root.exists()
    result = blobfix("to-registry-tree", place, "-o", root, "--no-recompress", "--allow-new-digest")
    assert result.code == 0, result.stderr
    registry = serve_registry(root, readonly=True)
    assert dockerd.pull(f"{registry.host}/team/five:2.0") == image.image_id

    second = scan(root, "--deep", code=0)
    assert [(one["status"], one["image_id"]) for one in second["images"]] == [("intact", image.image_id)]
    assert {finding["severity"] for finding in second["findings"]} <= {"info"}


def test_without_computing_it_the_original_digest_needs_the_one_layer_again(
    place: Path, pristine: Path, image: PushedImage, tmp_path: Path
) -> None:
    root = tmp_path / "registry"
    result = blobfix("to-registry-tree", place, "-o", root, "--no-recompress", "--borrow", pristine)
    assert result.code == 0, result.stderr
    second = scan(root, "--deep", code=0)
    assert [one["manifest_digest"] for one in second["images"]] == [image.manifest_digest]
