"""Several images in one input, with layers in common."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests import damage
from tests.blobfix import Result, blobfix, scan
from tests.images.content import Files, sample_layers
from tests.images.generated import GeneratedImage, make_image, write_artifactory_folder
from tests.programs.docker_registry import DockerRegistry
from tests.programs.dockerd import Dockerd
from tests.programs.podman import Podman
from tests.programs.skopeo import Skopeo

ServeRegistry = Callable[..., DockerRegistry]
BASE: Sequence[Files] = sample_layers("base", 20_000)


@pytest.fixture
def images(tmp_path: Path) -> dict[str, GeneratedImage]:
    """Two tags and another image on the same base, below ``<tmp_path>/in``; each blob is there only once."""
    made = {
        "team/app:1": make_image(BASE),
        "team/app:2": make_image([*BASE, {"srv/app/version": b"2\n"}]),
        "tools/shell:9": make_image([*BASE[:1], {"bin/sh": b"#!shell\n" * 900}]),
    }
    seen: set[str] = set()
    for name, image in made.items():
        folder = write_artifactory_folder(image, tmp_path / "in" / name.replace(":", "/"))
        for path in folder.glob("sha256__*"):
            if path.name in seen:
                path.unlink()
            seen.add(path.name)
    return made


def test_scan_finds_all_of_them_intact(images: dict[str, GeneratedImage], tmp_path: Path) -> None:
    report = scan(tmp_path / "in", code=0)
    assert {image["name"]: image["manifest_digest"] for image in report["images"]} == {
        name: str(image.manifest_digest) for name, image in images.items()
    }
    assert {image["status"] for image in report["images"]} == {"intact"}
    assert report["summary"]["intact"] == 3


def test_one_tree_serves_all(
    images: dict[str, GeneratedImage], serve_registry: ServeRegistry, dockerd: Dockerd, tmp_path: Path
) -> None:
    result = blobfix("to-registry-tree", tmp_path / "in", "-o", tmp_path / "registry")
    assert result.code == 0, result.stderr
    registry = serve_registry(tmp_path / "registry")
    assert registry.catalog() == ["team/app", "tools/shell"]
    assert sorted(registry.tags("team/app")) == ["1", "2"]
    for name, image in images.items():
        assert registry.manifest(*name.split(":")) == image.manifest
        assert dockerd.pull(f"{registry.host}/{name}") == str(image.image_id)
    assert "0 blobs and 0 manifests eligible" in registry.garbage_collect(dry_run=True, delete_untagged=True)
    stored = {path.parent.name for path in (tmp_path / "registry").rglob("data")}
    assert len(stored) == 3 * 2 + 5


def test_one_tar_loads_all(images: dict[str, GeneratedImage], dockerd: Dockerd, podman: Podman, tmp_path: Path) -> None:
    target = tmp_path / "images.tar"
    result = blobfix("to-docker-tar", tmp_path / "in", "-o", target)
    assert result.code == 0, result.stderr
    said = dockerd.load(target)
    podman.load(target)
    for name, image in images.items():
        assert f"Loaded image: {name}" in said
        assert dockerd.image_id(name) == str(image.image_id)
        assert podman.image_id(f"docker.io/{name}") == str(image.image_id)


@pytest.mark.parametrize("by", ["name", "digest", "image id", "short digest"])
def test_select_takes_one(images: dict[str, GeneratedImage], by: str, dockerd: Dockerd, tmp_path: Path) -> None:
    name, image = "team/app:2", images["team/app:2"]
    wanted = {
        "name": name,
        "digest": str(image.manifest_digest),
        "image id": str(image.image_id),
        "short digest": image.manifest_digest.hex[:12],
    }[by]
    target = tmp_path / "image.tar"
    result = blobfix("to-docker-tar", tmp_path / "in", "-o", target, "--select", wanted)
    assert result.code == 0, result.stderr
    dockerd.load(target)
    assert dockerd.image_ids() == [str(image.image_id)]


def test_select_and_name_together_rename_one(
    images: dict[str, GeneratedImage], serve_registry: ServeRegistry, tmp_path: Path
) -> None:
    root = tmp_path / "registry"
    arguments = ["--select", "tools/shell", "--name", "registry.example:5000/other/shell:10"]
    result = blobfix("to-registry-tree", tmp_path / "in", "-o", root, *arguments)
    assert result.code == 0, result.stderr
    registry = serve_registry(root)
    assert registry.catalog() == ["other/shell"]
    assert registry.manifest("other/shell", "10") == images["tools/shell:9"].manifest


@pytest.mark.parametrize("command", ["to-registry-tree", "to-docker-tar"])
class TestWrongChoices:
    def test_a_name_for_several_is_refused(
        self, images: dict[str, GeneratedImage], command: str, tmp_path: Path
    ) -> None:
        result = blobfix(command, tmp_path / "in", "-o", tmp_path / "out", "--name", "a/b:1")
        assert result.code == 2
        assert "--select" in result.stderr
        assert not (tmp_path / "out").exists()

    def test_a_choice_that_fits_none_is_refused(
        self, images: dict[str, GeneratedImage], command: str, tmp_path: Path
    ) -> None:
        result = blobfix(command, tmp_path / "in", "-o", tmp_path / "out", "--select", "no/such")
        assert result.code == 2
        assert "team/app:1" in result.stderr
        assert not (tmp_path / "out").exists()

    def test_where_none_can_be_written_each_is_named_and_nothing_is_visible(
        self, images: dict[str, GeneratedImage], command: str, tmp_path: Path
    ) -> None:
        shared = images["team/app:1"].layer_digests[0]
        next((tmp_path / "in").rglob(shared.file_name)).unlink()
        result = blobfix(command, tmp_path / "in", "-o", tmp_path / "out")
        assert result.code == 4
        assert [line.split(": layer ")[0] for line in result.stderr.splitlines()[:3]] == [
            f"Not written: {name}" for name in images
        ]
        assert "none of the 3 images here can be written" in result.stderr
        assert [path.name for path in tmp_path.iterdir()] == ["in"]


class TestOneOfThreeIsBroken:
    """The others are written all the same, and the exit code says that one isn't."""

    @pytest.fixture
    def broken(self, images: dict[str, GeneratedImage], tmp_path: Path) -> dict[str, GeneratedImage]:
        """The images that are whole."""
        damage.cut_at(next((tmp_path / "in").rglob(images["team/app:2"].layer_digests[-1].file_name)), 30)
        return {name: image for name, image in images.items() if name != "team/app:2"}

    def test_a_registry_serves_the_others(
        self, broken: dict[str, GeneratedImage], serve_registry: ServeRegistry, skopeo: Skopeo, tmp_path: Path
    ) -> None:
        result = blobfix("to-registry-tree", tmp_path / "in", "-o", tmp_path / "registry")
        assert_one_is_named(result)
        registry = serve_registry(tmp_path / "registry")
        assert registry.catalog() == ["team/app", "tools/shell"]
        assert registry.tags("team/app") == ["1"]
        for name, image in broken.items():
            assert registry.manifest(*name.split(":")) == image.manifest
            assert skopeo.raw_manifest(f"docker://{registry.host}/{name}").encode() == image.manifest

    def test_docker_loads_the_others(self, broken: dict[str, GeneratedImage], dockerd: Dockerd, tmp_path: Path) -> None:
        result = blobfix("to-docker-tar", tmp_path / "in", "-o", tmp_path / "images.tar")
        assert_one_is_named(result)
        dockerd.load(tmp_path / "images.tar")
        assert {name: dockerd.image_id(name) for name in broken} == {
            name: str(image.image_id) for name, image in broken.items()
        }
        assert len(dockerd.image_ids()) == len(broken)

    def test_a_pipe_holds_the_others(self, broken: dict[str, GeneratedImage], tmp_path: Path) -> None:
        result = blobfix("to-docker-tar", tmp_path / "in", "-o", "-")
        assert_one_is_named(result)
        with tarfile.open(fileobj=io.BytesIO(result.stdout)) as tar:
            entries = json.load(tar.extractfile("manifest.json") or io.BytesIO())
        assert [entry["RepoTags"] for entry in entries] == [[f"docker.io/{name}"] for name in broken]

    @pytest.mark.parametrize("target", ["layout", "layout.tar"])
    def test_a_layout_has_the_others(
        self, broken: dict[str, GeneratedImage], target: str, skopeo: Skopeo, tmp_path: Path
    ) -> None:
        result = blobfix("to-oci-layout", tmp_path / "in", "-o", tmp_path / target)
        assert_one_is_named(result)
        report = scan(tmp_path / target, code=0)
        assert {image["name"]: image["manifest_digest"] for image in report["images"]} == {
            name: str(image.manifest_digest) for name, image in broken.items()
        }

    def test_a_push_takes_the_others(
        self, broken: dict[str, GeneratedImage], serve_registry: ServeRegistry, tmp_path: Path
    ) -> None:
        registry = serve_registry(tmp_path / "registry")
        result = blobfix("push", tmp_path / "in", f"{registry.host}/mirror", "--all-tags")
        assert result.code == 4
        assert "Not pushed: team/app:2" in result.stderr
        assert registry.catalog() == ["mirror/team/app", "mirror/tools/shell"]
        assert (registry.tags("mirror/team/app"), registry.tags("mirror/tools/shell")) == (["1"], ["9"])

    def test_select_of_a_whole_one_is_all_that_was_asked_for(
        self, broken: dict[str, GeneratedImage], tmp_path: Path
    ) -> None:
        result = blobfix("to-docker-tar", tmp_path / "in", "-o", tmp_path / "image.tar", "--select", "tools/shell:9")
        assert (result.code, result.stderr) == (0, "")

    def test_a_build_context_is_of_the_one_that_is_left(
        self, broken: dict[str, GeneratedImage], tmp_path: Path
    ) -> None:
        several = blobfix("to-build-context", tmp_path / "in", "-o", tmp_path / "context")
        assert several.code == 2
        assert "there are 2: team/app:1, tools/shell:9; choose one with --select" in several.stderr
        assert not (tmp_path / "context").exists()


def assert_one_is_named(result: Result) -> None:
    """One line on the one that is broken, with the reason; nothing else is wrong."""
    assert result.code == 4, result.stderr
    line, advice = result.stderr.splitlines()[-2:]
    assert line.startswith("Not written: team/app:2: layer sha256:")
    assert line.endswith(" missing or damaged")
    assert advice.startswith("To see why, and what to download again: blobfix scan ")


def test_borrowed_blobs_complete_an_image(
    images: dict[str, GeneratedImage], serve_registry: ServeRegistry, tmp_path: Path
) -> None:
    lonely = write_artifactory_folder(make_image([*BASE, {"srv/app/version": b"3\n"}]), tmp_path / "more" / "3")
    for path in lonely.glob("sha256__*"):
        if next((tmp_path / "in").rglob(path.name), None):
            path.unlink()
    arguments = ["-o", str(tmp_path / "registry"), "-n", "team/app:3"]
    assert blobfix("to-registry-tree", lonely, *arguments).code == 4
    result = blobfix("to-registry-tree", lonely, *arguments, "--borrow", tmp_path / "in")
    assert result.code == 0, result.stderr
    registry = serve_registry(tmp_path / "registry")
    assert registry.catalog() == ["team/app"]
    assert registry.tags("team/app") == ["3"]
    manifest = json.loads(registry.manifest("team/app", "3"))
    for entry in (manifest["config"], *manifest["layers"]):
        content = registry.blob("team/app", entry["digest"])
        assert f"sha256:{hashlib.sha256(content).hexdigest()}" == entry["digest"]
