"""Fixtures for all tests: real programs, and images that they made.

A test that uses one of the programs gets the marker ``real_programs``, so ``-m "not real_programs"`` leaves the quick
tests. A missing program skips them, or fails them when the environment variable CI is set.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings

from tests.images.artifactory import artifactory_folder, oci_folder
from tests.images.built import PushedImage, build_and_push
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, GeneratedIndex, make_image, make_index
from tests.programs.azurite import Azurite
from tests.programs.busybox import Busybox
from tests.programs.chromium import Chromium
from tests.programs.command import MissingProgramError
from tests.programs.containerd import Containerd
from tests.programs.dask_cluster import DaskCluster
from tests.programs.docker_registry import DockerRegistry
from tests.programs.dockerd import Dockerd
from tests.programs.moto import MotoServer
from tests.programs.pigz import Pigz
from tests.programs.podman import Podman
from tests.programs.rclone import RcloneServer
from tests.programs.seaweedfs import SeaweedFS
from tests.programs.skopeo import Skopeo
from tests.programs.umoci import Umoci

T = TypeVar("T")

_PROGRAM_FIXTURES = {
    "docker_registry",
    "serve_registry",
    "docker_daemon",
    "skopeo",
    "podman",
    "umoci",
    "chromium",
    "containerd",
    "browser",
    "nginx",
    "curl",
    "wget",
    "pigz",
    "busybox",
    "tokens",
    "htpasswd",
    "seaweedfs",
    "rclone_server",
    "moto_server",
    "azurite",
}
_IMAGE_SIZE = 600_000


def pytest_configure() -> None:
    # A shell that starts the tests in the background has them ignore SIGINT, and their children would do the same.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # However slow the machine is.
    settings.register_profile("without deadline", parent=settings(), deadline=None)
    settings.load_profile("without deadline")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _PROGRAM_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("real_programs")


def need(program: Callable[[], T]) -> T:
    """Give the program, or skip the test (fail it in CI) when the machine has none."""
    try:
        return program()
    except MissingProgramError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def docker_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerRegistry]:
    """The registry that the test images are pushed to; a test may push more, under names of its own."""
    with need(lambda: DockerRegistry(tmp_path_factory.mktemp("registry"))) as registry:
        yield registry


@pytest.fixture
def serve_registry() -> Iterator[Callable[..., DockerRegistry]]:
    """A function ``serve(root, readonly=False)`` that starts a registry over a tree; all end with the test."""
    with ExitStack() as stack:
        yield lambda root, **options: stack.enter_context(need(lambda: DockerRegistry(root, **options)))


@pytest.fixture(scope="session")
def docker_daemon() -> Iterator[Dockerd]:
    """The session's docker daemon, with whatever is in its store; most tests want ``dockerd``."""
    with need(Dockerd) as daemon:
        yield daemon


@pytest.fixture
def dockerd(docker_daemon: Dockerd) -> Dockerd:
    """The docker daemon with an empty store."""
    docker_daemon.remove_all()
    return docker_daemon


@pytest.fixture(scope="session")
def skopeo() -> Skopeo:
    return need(Skopeo)


@pytest.fixture(scope="session")
def seaweedfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedFS]:
    """The session's S3 server; each test takes a bucket of its own."""
    with need(lambda: SeaweedFS(tmp_path_factory.mktemp("seaweedfs"))) as server:
        yield server


@pytest.fixture(scope="session")
def rclone_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RcloneServer]:
    """The session's bad S3 server."""
    with need(lambda: RcloneServer(tmp_path_factory.mktemp("rclone"))) as server:
        yield server


@pytest.fixture(scope="session")
def moto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoServer]:
    """The session's slow S3 server."""
    with need(lambda: MotoServer(tmp_path_factory.mktemp("moto"))) as server:
        yield server


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """The session's stand-in for Azure; tests are skipped, in CI too, where there is no npm to install it by."""
    if not shutil.which("npm"):
        pytest.skip("azurite is not installed, and there is no npm to install it")
    with need(lambda: Azurite(tmp_path_factory.mktemp("azurite"))) as server:
        yield server


@pytest.fixture(scope="session")
def dask_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    with DaskCluster(tmp_path_factory.mktemp("dask")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def umoci() -> Umoci:
    return need(Umoci)


@pytest.fixture(scope="session")
def pigz() -> Pigz:
    return need(Pigz)


@pytest.fixture(scope="session")
def busybox() -> Busybox:
    return need(Busybox)


@pytest.fixture
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Chromium:
    """A browser with an empty profile."""
    return need(lambda: Chromium(tmp_path_factory.mktemp("chromium")))


@pytest.fixture
def containerd() -> Iterator[Containerd]:
    """A containerd with an empty content store."""
    with need(Containerd) as daemon:
        yield daemon


@pytest.fixture(scope="session")
def containerd_daemon() -> Iterator[Containerd]:
    """The session's containerd, with whatever is in its store."""
    with need(Containerd) as daemon:
        yield daemon


@pytest.fixture
def podman() -> Iterator[Podman]:
    """Podman with an empty store."""
    # It takes no path of more than 50 characters for what it keeps while it runs.
    store = Path(tempfile.mkdtemp(prefix="bf-podman-"))
    try:
        yield need(lambda: Podman(store))
    finally:
        shutil.rmtree(store, ignore_errors=True)


@pytest.fixture(scope="session")
def pushed_image(docker_daemon: Dockerd, docker_registry: DockerRegistry) -> PushedImage:
    """An image of three layers, built and pushed by docker: ``team/app:1.4``."""
    return build_and_push(docker_daemon, docker_registry, sample_layers("app", _IMAGE_SIZE), "team/app", "1.4")


@pytest.fixture(scope="session")
def pristine_download(
    docker_registry: DockerRegistry, pushed_image: PushedImage, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder that Artifactory would show for ``pushed_image``; shared by all tests, so don't change it."""
    folder = tmp_path_factory.mktemp("artifactory") / pushed_image.name / pushed_image.tag
    return artifactory_folder(docker_registry, pushed_image.name, pushed_image.tag, folder)


@pytest.fixture
def download(pristine_download: Path, tmp_path: Path) -> Path:
    """A copy of ``pristine_download`` at ``<tmp_path>/downloads/team/app/1.4``, to be damaged."""
    return Path(shutil.copytree(pristine_download, tmp_path / "downloads" / "team" / "app" / "1.4"))


@pytest.fixture(scope="session")
def oci_download(
    skopeo: Skopeo, pushed_image: PushedImage, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, Path], Path]:
    """A function ``oci_download(kind, destination)``: the image as OCI, of one of OCI_KINDS, as Artifactory shows it.

    Each kind is made once; the destination gets a copy that may be damaged.
    """
    made: dict[str, Path] = {}

    def copy(kind: str, destination: Path) -> Path:
        if kind not in made:
            folder = tmp_path_factory.mktemp(f"oci-{kind}") / "folder"
            made[kind] = oci_folder(skopeo, f"docker://{pushed_image.reference}", kind, folder)
        return Path(shutil.copytree(made[kind], destination))

    return copy


@pytest.fixture(scope="session")
def whole_image() -> GeneratedImage:
    """Three layers of half a megabyte together; docker's kind."""
    return make_image(sample_layers("whole", 500_000))


@pytest.fixture(scope="session")
def whole_index(whole_image: GeneratedImage) -> GeneratedIndex:
    """Two platforms that share nothing."""
    return make_index([whole_image, make_image(sample_layers("arm", 300_000), architecture="arm64")])


@pytest.fixture
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The user's logins and proxies stay out of it."""
    folder = tmp_path_factory.mktemp("docker-config")
    # podman insists on the file when the variable names its folder.
    (folder / "config.json").write_text("{}")
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def powerless() -> list[str]:
    """A command prefix without root's power to ignore permissions."""
    if os.geteuid() != 0:
        return []
    if not shutil.which("setpriv"):
        pytest.skip("setpriv is not installed; get it with: apt-get install util-linux")
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
