"""Layers that real programs compressed: unpacked on their way, and computed again to the same bytes."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from importer.domain.digest import Digest
from importer.recompression import recognise
from tests import damage
from tests.blobfix import blobfix, scan, snapshot
from tests.images.artifactory import artifactory_folder, folder_from_layout, wrong_names
from tests.images.built import build_and_push
from tests.images.content import text
from tests.images.generated import GeneratedImage, make_image, make_image_of_tars, write_artifactory_folder
from tests.images.steady import go_gzip
from tests.programs.busybox import Busybox
from tests.programs.docker_registry import DockerRegistry
from tests.programs.dockerd import Dockerd
from tests.programs.pigz import Pigz
from tests.programs.podman import Podman
from tests.programs.skopeo import Skopeo
from tests.programs.umoci import Umoci
from tests.recompression.engines.originals import ORIGINALS, Programs

NAME, TAG = "team/app", "1.4"
LARGE = 12_000_000
LAYERS = [
    {"usr/share/large.txt": text("recompression", LARGE // 2), "usr/lib/large.bin": bytes(range(256)) * (LARGE // 512)},
    {"etc/small.conf": text("small", 10_000)},
]
MAKERS = ("docker", "podman", "skopeo", "skopeo dir", "umoci", "pigz", "Java")


@pytest.fixture(scope="module")
def plain_image() -> GeneratedImage:
    """The layers as plain tars, from which each program makes its own image."""
    return make_image(LAYERS, "none")


@pytest.fixture(scope="module")
def docker_archive(plain_image: GeneratedImage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    write_artifactory_folder(plain_image, folder / "in")
    result = blobfix("to-docker-tar", folder / "in", "-n", f"{NAME}:{TAG}", "-o", folder / "image.tar")
    assert result.code == 0, result.stderr
    return folder / "image.tar"


@pytest.fixture(params=MAKERS)
def pristine(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The image as Artifactory shows it, each layer compressed by a program of its own kind."""
    folder = tmp_path / "pristine"
    return _MAKE[request.param](request, folder)


def _by_docker(request: pytest.FixtureRequest, folder: Path) -> Path:
    registry: DockerRegistry = request.getfixturevalue("docker_registry")
    daemon: Dockerd = request.getfixturevalue("docker_daemon")
    build_and_push(daemon, registry, LAYERS, "recompression/docker", TAG)
    return artifactory_folder(registry, "recompression/docker", TAG, folder)


def _by_podman(request: pytest.FixtureRequest, folder: Path) -> Path:
    registry: DockerRegistry = request.getfixturevalue("docker_registry")
    podman: Podman = request.getfixturevalue("podman")
    podman.load(request.getfixturevalue("docker_archive"))
    target = f"docker://{registry.host}/recompression/podman:{TAG}"
    podman.command("push", "--tls-verify=false", podman.image_ids()[0].removeprefix("sha256:"), target)
    return artifactory_folder(registry, "recompression/podman", TAG, folder)


def _by_skopeo(request: pytest.FixtureRequest, folder: Path) -> Path:
    registry: DockerRegistry = request.getfixturevalue("docker_registry")
    archive = request.getfixturevalue("docker_archive")
    skopeo: Skopeo = request.getfixturevalue("skopeo")
    skopeo.copy(f"docker-archive:{archive}", f"docker://{registry.host}/recompression/skopeo:{TAG}")
    return artifactory_folder(registry, "recompression/skopeo", TAG, folder)


def _by_skopeo_to_a_folder(request: pytest.FixtureRequest, folder: Path) -> Path:
    archive = request.getfixturevalue("docker_archive")
    request.getfixturevalue("skopeo").copy(f"docker-archive:{archive}", f"dir:{folder}", "--dest-compress")
    (folder / "version").unlink()
    for path in folder.iterdir():
        if path.name != "manifest.json":
            path.rename(folder / f"sha256__{path.name}")
    return folder


def _by_umoci(request: pytest.FixtureRequest, folder: Path) -> Path:
    umoci: Umoci = request.getfixturevalue("umoci")
    plain: GeneratedImage = request.getfixturevalue("plain_image")
    layout = folder.with_name("layout")
    umoci.command("init", "--layout", str(layout))
    umoci.command("new", "--image", f"{layout}:{TAG}")
    for number, tar in enumerate(plain.diffs):
        path = folder.with_name(f"layer{number}.tar")
        path.write_bytes(tar)
        umoci.command("raw", "add-layer", "--image", f"{layout}:{TAG}", str(path))
    return folder_from_layout(layout, folder)


def _by_pigz(request: pytest.FixtureRequest, folder: Path) -> Path:
    pigz: Pigz = request.getfixturevalue("pigz")
    plain: GeneratedImage = request.getfixturevalue("plain_image")
    image = make_image_of_tars(plain.diffs, pack=lambda tar, _: pigz.compress(tar, "--best", "--no-time"))
    return write_artifactory_folder(image, folder)


def _by_java(request: pytest.FixtureRequest, folder: Path) -> Path:
    if not shutil.which("javac"):
        pytest.skip("javac is not installed; get it with: apt-get install default-jdk-headless")
    plain: GeneratedImage = request.getfixturevalue("plain_image")
    programs = Programs(go_1_19="", go_1_27="", klauspost_gopath="")
    programs.installed()
    (java,) = [original for original in ORIGINALS if original.name == "Java, level 6"]
    try:
        image = make_image_of_tars(plain.diffs, pack=lambda tar, _: programs.compress(java, tar))
    finally:
        programs.close()
    return write_artifactory_folder(image, folder)


_MAKE: dict[str, Callable[[pytest.FixtureRequest, Path], Path]] = {
    "docker": _by_docker,
    "podman": _by_podman,
    "skopeo": _by_skopeo,
    "skopeo dir": _by_skopeo_to_a_folder,
    "umoci": _by_umoci,
    "pigz": _by_pigz,
    "Java": _by_java,
}


def unpacked(pristine: Path, tmp_path: Path, *positions: int) -> Path:
    """A copy of the download in which the browser has unpacked these layers."""
    folder = Path(shutil.copytree(pristine, tmp_path / "downloads" / NAME / TAG))
    layers = json.loads((folder / "manifest.json").read_bytes())["layers"]
    for position in positions:
        damage.gunzip_in_place(folder / layers[position]["digest"].replace(":", "__"))
    return tmp_path / "downloads"


@pytest.mark.parametrize("positions", [(0, 1), (0,)], ids=["all layers", "the large one"])
def test_the_registry_serves_the_original_bytes(
    pristine: Path,
    positions: tuple[int, ...],
    skopeo: Skopeo,
    serve_registry: Callable[..., DockerRegistry],
    tmp_path: Path,
) -> None:
    place, root = unpacked(pristine, tmp_path, *positions), tmp_path / "registry"
    report = scan(place, code=1)
    (image,) = report["images"]
    assert image["outputs"] == dict.fromkeys(("registry-tree", "docker-tar", "oci-layout"), "exact")
    told = [finding["message"] for finding in report["findings"] if finding["code"] == "BF206"]
    assert len(told) == len(positions)
    assert all("recompressed exactly (" in message for message in told)

    result = blobfix("to-registry-tree", place, "-o", root)
    assert result.code == 0, result.stderr
    manifest = (pristine / "manifest.json").read_bytes()
    registry = serve_registry(root, readonly=True)
    assert registry.manifest(NAME, str(Digest.of(manifest))) == manifest
    for entry in json.loads(manifest)["layers"]:
        assert registry.blob(NAME, entry["digest"]) == (pristine / entry["digest"].replace(":", "__")).read_bytes()
    copy = tmp_path / "pulled"
    skopeo.copy(f"docker://{registry.host}/{NAME}:{TAG}", f"dir:{copy}", "--preserve-digests")
    assert (copy / "manifest.json").read_bytes() == manifest
    assert wrong_names(copy) == []


def test_a_compressor_that_nobody_knows_costs_no_more_than_the_limit(busybox: Busybox, tmp_path: Path) -> None:
    tar = make_image(LAYERS[:1], "none").diffs[0]
    image = make_image_of_tars([tar], pack=lambda content, _: busybox.gzip(content))
    folder = write_artifactory_folder(image, tmp_path / "pristine")
    assert recognise(lambda: (folder / image.layer_digests[0].file_name).open("rb")).compressors == ()
    place, root = unpacked(folder, tmp_path, 0), tmp_path / "registry"
    started = time.monotonic()
    report = scan(place, "--recompress-limit", "2", code=1)
    assert time.monotonic() - started < 2 + 5
    (finding,) = [one for one in report["findings"] if one["code"] == "BF206"]
    assert "--recompress-limit" in finding["message"]
    assert report["images"][0]["outputs"]["registry-tree"] == "same-image"
    refused = blobfix("to-registry-tree", place, "-o", root, "--recompress-limit", "2")
    assert (refused.code, root.exists()) == (4, False)
    assert "--allow-new-digest" in refused.stderr
    allowed = blobfix("to-registry-tree", place, "-o", root, "--recompress-limit", "2", "--allow-new-digest")
    assert allowed.code == 0, allowed.stderr
    assert str(image.image_id) in allowed.text


def test_all_compressors_are_tried_on_a_layer_of_moderate_size(busybox: Busybox, tmp_path: Path) -> None:
    image = make_image([{"some.txt": text("busybox", 400_000)}], pack=lambda content, _: busybox.gzip(content))
    place = unpacked(write_artifactory_folder(image, tmp_path / "pristine"), tmp_path, 0)
    (finding,) = [one for one in scan(place, code=1)["findings"] if one["code"] == "BF206"]
    assert "no compressor known to blobfix reproduces the original bytes" in finding["message"]


class TestOverTheNetwork:
    @pytest.fixture
    def image(self) -> GeneratedImage:
        """Compressed as docker push does, by blobfix's own form of it."""
        return make_image(LAYERS[1:], pack=lambda tar, _: go_gzip(tar))

    def test_push_sends_the_original_bytes(
        self, image: GeneratedImage, docker_registry: DockerRegistry, tmp_path: Path
    ) -> None:
        place = unpacked(write_artifactory_folder(image, tmp_path / "pristine"), tmp_path, 0)
        result = blobfix("push", place, f"{docker_registry.host}/recompression/pushed:{TAG}")
        assert result.code == 0, result.stderr
        assert docker_registry.manifest("recompression/pushed", TAG) == image.manifest
        assert docker_registry.blob("recompression/pushed", str(image.layer_digests[0])) == image.layers[0]

    def test_complete_downloads_nothing(
        self, image: GeneratedImage, docker_registry: DockerRegistry, tmp_path: Path
    ) -> None:
        pristine = write_artifactory_folder(image, tmp_path / "pristine")
        reference = f"{docker_registry.host}/recompression/whole:{TAG}"
        assert blobfix("push", pristine, reference).code == 0
        place = unpacked(pristine, tmp_path, 0)
        before = snapshot(place, times=True)
        result = blobfix("complete", place / NAME / TAG, "--from", reference)
        assert result.code == 0, result.stderr
        assert snapshot(place, times=True) == before
        assert "recompressed exactly" in result.text
        assert blobfix("complete", place / NAME / TAG, "--from", reference, "--no-recompress").code == 0
        assert image.layers[0] in [path.read_bytes() for path in (place / NAME / TAG).iterdir()]
