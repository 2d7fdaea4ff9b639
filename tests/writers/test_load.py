"""``blobfix load``: into the real engines, with what they say afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.damage import cut_at
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, make_image, write_artifactory_folder
from tests.in_process import run
from tests.programs.containerd import Containerd
from tests.programs.dockerd import Dockerd
from tests.programs.podman import Podman

NAME = "team/loaded:1.4"


@pytest.fixture(scope="module")
def image() -> GeneratedImage:
    return make_image(sample_layers("loaded", 30_000))


@pytest.fixture
def folder(image: GeneratedImage, tmp_path: Path) -> Path:
    write_artifactory_folder(image, tmp_path / "my downloads" / "team" / "loaded" / "1.4")
    return tmp_path / "my downloads"


@pytest.fixture
def no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for programs, the only one of this test."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    return programs


@pytest.fixture(scope="module")
def docker() -> Iterator[Dockerd]:
    with Dockerd() as daemon:
        yield daemon


@pytest.fixture
def asked_docker(docker: Dockerd, monkeypatch: pytest.MonkeyPatch) -> Dockerd:
    """The daemon, which the docker command finds by itself."""
    monkeypatch.setenv("DOCKER_HOST", docker.host)
    return docker


@pytest.mark.real_programs
class TestDocker:
    def test_it_has_the_original_image(self, asked_docker: Dockerd, image: GeneratedImage, folder: Path) -> None:
        done = run("load", folder, "--into", "docker")
        assert done.code == 0, done.output
        assert asked_docker.image_id(NAME) == str(image.image_id)
        assert f"docker run --rm {NAME}" in done.output

    def test_one_that_has_no_name(self, asked_docker: Dockerd, tmp_path: Path) -> None:
        nameless = make_image(sample_layers("nameless", 3000))
        write_artifactory_folder(nameless, tmp_path / "in")
        done = run("load", tmp_path / "in")
        assert done.code == 0, done.output
        assert str(nameless.image_id) in asked_docker.image_ids()

    def test_a_name_is_taken_from_another_image_only_if_it_may(self, asked_docker: Dockerd, tmp_path: Path) -> None:
        first, second = (make_image(sample_layers(which, 3000)) for which in ("first", "second"))
        write_artifactory_folder(first, tmp_path / "first")
        write_artifactory_folder(second, tmp_path / "second")
        assert run("load", tmp_path / "first", "-n", "team/moving:1").code == 0
        refused = run("load", tmp_path / "second", "-n", "team/moving:1")
        assert (refused.code, "--replace-tags" in refused.output) == (2, True), refused.output
        assert asked_docker.image_id("team/moving:1") == str(first.image_id)
        assert run("load", tmp_path / "second", "-n", "team/moving:1", "--replace-tags").code == 0
        assert asked_docker.image_id("team/moving:1") == str(second.image_id)
        assert run("load", tmp_path / "second", "-n", "team/moving:1").code == 0

    def test_a_damaged_one_is_not_loaded(self, asked_docker: Dockerd, folder: Path, image: GeneratedImage) -> None:
        cut_at(folder / "team" / "loaded" / "1.4" / image.layer_digests[0].file_name, 1000)
        before = set(asked_docker.image_ids())
        assert run("load", folder).code == 4
        assert set(asked_docker.image_ids()) == before


@pytest.mark.real_programs
def test_podman_has_the_original_image(
    image: GeneratedImage, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # podman's own folders may not have longer paths.
    with tempfile.TemporaryDirectory(prefix="bf-podman-", dir="/tmp", ignore_cleanup_errors=True) as name:
        store = Path(name)
        podman = Podman(store)
        settings = store / "storage.conf"
        settings.write_text(f'[storage]\ndriver = "vfs"\ngraphroot = "{store}/root"\nrunroot = "{store}/run"\n')
        monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(settings))
        (tmp_path / ".config" / "containers").mkdir(parents=True)
        (store / "policy.json").rename(tmp_path / ".config" / "containers" / "policy.json")
        monkeypatch.setenv("HOME", str(tmp_path))
        done = run("load", folder, "--into", "podman")
        assert done.code == 0, done.output
        assert podman.image_id(f"docker.io/{NAME}") == str(image.image_id)


@pytest.mark.real_programs
def test_containerd_has_the_original_manifest(
    image: GeneratedImage, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Containerd() as daemon:
        monkeypatch.setenv("CONTAINERD_ADDRESS", str(daemon.address))
        done = run("load", folder, "--into", "ctr")
        assert done.code == 0, done.output
        assert str(image.manifest_digest) in daemon.command("images", "list")


def test_where_there_is_no_engine(folder: Path, no_engine: Path) -> None:
    done = run("load", folder)
    assert (done.code, "to-docker-tar" in done.output) == (5, True), done.output
    assert run("load", folder, "--into", "rkt").code == 2


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("case $1 in load) echo no room >&2; exit 1;; *) exit 0;; esac", "no room"),
        ("case $1 in load) cat >/dev/null; echo no room >&2; exit 1;; *) exit 0;; esac", "no room"),
        ("case $1 in load) cat >/dev/null;; image) echo sha256:%064d 0;; *) exit 0;; esac", "instead of image id"),
        ("echo no daemon here >&2; exit 1", "no daemon here"),
        ("sleep 30 & exit 1", "doesn't answer"),
    ],
)
def test_what_an_engine_does_wrong_is_told(folder: Path, no_engine: Path, script: str, said: str) -> None:
    """An engine can't be brought to do these by itself: a command that does stands in for it."""
    program = no_engine / "docker"
    program.write_text(
        f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n".replace("echo sha256:%064d 0", "printf 'sha256:%064d' 0")
    )
    program.chmod(0o755)
    done = run("load", folder, "--into", "docker", "--replace-tags")
    assert done.code in (4, 5)
    assert said in done.output


def test_a_command_that_is_no_program(folder: Path, no_engine: Path) -> None:
    program = no_engine / "docker"
    program.write_bytes(b"\x7fELF, but no program")
    program.chmod(0o755)
    done = run("load", folder)
    assert (done.code, "can't be run" in done.output) == (5, True), done.output
