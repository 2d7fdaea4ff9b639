"""The registry tree is what a real push leaves, and the registry, skopeo and docker take it as that."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import damage
from tests.blobfix import blobfix, contents, leftovers, snapshot
from tests.images.artifactory import wrong_names
from tests.images.built import PushedImage
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, make_image, write_artifactory_folder
from tests.programs.docker_registry import DockerRegistry
from tests.programs.dockerd import Dockerd
from tests.programs.skopeo import Skopeo

ServeRegistry = Callable[..., DockerRegistry]
STORAGE = Path("docker/registry/v2")
NOTHING_TO_COLLECT = "0 blobs and 0 manifests eligible for deletion"


@pytest.fixture
def tree(download: Path, tmp_path: Path) -> Path:
    """The root of a tree that blobfix wrote from the clean download."""
    root = tmp_path / "registry"
    result = blobfix("to-registry-tree", download.parents[2], "-o", root)
    assert result.code == 0, result.stderr
    return root


def pushed_files(registry: DockerRegistry, image: PushedImage) -> dict[str, bytes]:
    """What the push has left in the registry's storage, for this repository alone."""
    storage = registry.root / STORAGE
    manifest = json.loads(registry.manifest(image.name, image.tag))
    digests = [image.manifest_digest, *(entry["digest"] for entry in (manifest["config"], *manifest["layers"]))]
    hexes = [digest.partition(":")[2] for digest in digests]
    repository = storage / "repositories" / image.name
    files = {f"repositories/{image.name}/{name}": content for name, content in contents(repository).items()}
    blobs = (f"blobs/sha256/{value[:2]}/{value}/data" for value in hexes)
    return files | {name: (storage / name).read_bytes() for name in blobs}


def served_blobs(registry: DockerRegistry, name: str, tag: str) -> list[str]:
    """The digests of all blobs that the image wants and the registry serves rightly."""
    manifest = json.loads(registry.manifest(name, tag))
    digests = [entry["digest"] for entry in (manifest["config"], *manifest["layers"])]
    for digest in digests:
        content = registry.blob(name, digest)
        assert f"sha256:{hashlib.sha256(content).hexdigest()}" == digest
        head = registry.head(f"/v2/{name}/blobs/{digest}")
        assert (head.status, int(head.headers["content-length"])) == (200, len(content))
    return digests


class TestAgainstARealPush:
    def test_is_file_for_file_what_the_push_left(
        self, tree: Path, docker_registry: DockerRegistry, pushed_image: PushedImage
    ) -> None:
        assert contents(tree / STORAGE) == pushed_files(docker_registry, pushed_image)
        assert [path.name for path in tree.iterdir()] == ["docker"]
        assert leftovers(tree) == []

    def test_has_the_same_folders_but_for_the_empty_uploads(
        self, tree: Path, docker_registry: DockerRegistry, pushed_image: PushedImage
    ) -> None:
        def folders(root: Path) -> set[str]:
            repository = root / STORAGE / "repositories" / pushed_image.name
            return {path.relative_to(repository).as_posix() for path in repository.rglob("*") if path.is_dir()}

        assert folders(docker_registry.root) - folders(tree) <= {"_uploads"}
        assert folders(tree) <= folders(docker_registry.root)

    def test_a_link_has_71_bytes(self, tree: Path) -> None:
        links = list(tree.rglob("link"))
        assert len(links) == 4 + 1 + 2
        assert {path.stat().st_size for path in links} == {71}

    def test_the_next_step_is_printed(self, download: Path, tmp_path: Path, pushed_image: PushedImage) -> None:
        root = tmp_path / "a folder"
        result = blobfix("to-registry-tree", download.parents[2], "-o", root)
        assert f"docker run -d -p 5000:5000 -v '{root}:/var/lib/registry' registry:2" in result.text
        assert "docker pull localhost:5000/team/app:1.4" in result.text
        assert pushed_image.manifest_digest in result.text
        assert pushed_image.image_id in result.text


class TestServed:
    def test_every_call_is_answered_with_the_original(
        self, tree: Path, serve_registry: ServeRegistry, pushed_image: PushedImage, docker_registry: DockerRegistry
    ) -> None:
        registry = serve_registry(tree)
        original = docker_registry.manifest("team/app", "1.4")
        assert registry.manifest("team/app", "1.4") == original
        assert registry.manifest("team/app", pushed_image.manifest_digest) == original
        for reference in ("1.4", pushed_image.manifest_digest):
            head = registry.head(f"/v2/team/app/manifests/{reference}")
            assert head.status == 200
            assert head.headers["docker-content-digest"] == pushed_image.manifest_digest
            assert int(head.headers["content-length"]) == len(original)
            assert head.headers["content-type"] == json.loads(original)["mediaType"]
        assert pushed_image.image_id in served_blobs(registry, "team/app", "1.4")
        assert registry.catalog() == ["team/app"]
        assert registry.tags("team/app") == ["1.4"]

    @pytest.mark.parametrize("delete_untagged", [False, True])
    def test_garbage_collection_removes_nothing(
        self, tree: Path, serve_registry: ServeRegistry, delete_untagged: bool
    ) -> None:
        before = contents(tree)
        registry = serve_registry(tree)
        assert NOTHING_TO_COLLECT in registry.garbage_collect(dry_run=True, delete_untagged=delete_untagged)
        registry.garbage_collect(delete_untagged=delete_untagged)
        assert contents(tree) == before
        served_blobs(registry, "team/app", "1.4")

    def test_skopeo_copies_from_it_and_finds_every_digest_right(
        self, tree: Path, serve_registry: ServeRegistry, skopeo: Skopeo, pushed_image: PushedImage, tmp_path: Path
    ) -> None:
        registry = serve_registry(tree, readonly=True)
        skopeo.copy(f"docker://{registry.host}/team/app:1.4", f"dir:{tmp_path / 'dir'}")
        skopeo.copy(
            f"docker://{registry.host}/team/app@{pushed_image.manifest_digest}", f"dir:{tmp_path / 'by-digest'}"
        )
        copied = (tmp_path / "dir" / "manifest.json").read_bytes()
        assert f"sha256:{hashlib.sha256(copied).hexdigest()}" == pushed_image.manifest_digest
        assert contents(tmp_path / "dir") == contents(tmp_path / "by-digest")

    def test_docker_pulls_the_original_image(
        self, tree: Path, serve_registry: ServeRegistry, dockerd: Dockerd, pushed_image: PushedImage
    ) -> None:
        registry = serve_registry(tree)
        assert dockerd.pull(f"{registry.host}/team/app:1.4") == pushed_image.image_id
        assert dockerd.inspect(pushed_image.image_id)["RepoDigests"] == [
            f"{registry.host}/team/app@{pushed_image.manifest_digest}"
        ]

    def test_docker_can_push_more_to_it(
        self, tree: Path, serve_registry: ServeRegistry, dockerd: Dockerd, pushed_image: PushedImage
    ) -> None:
        registry = serve_registry(tree)
        dockerd.pull(f"{registry.host}/team/app:1.4")
        dockerd.tag(f"{registry.host}/team/app:1.4", f"{registry.host}/team/app:1.5")
        assert pushed_image.manifest_digest in dockerd.push(f"{registry.host}/team/app:1.5")
        assert sorted(registry.tags("team/app")) == ["1.4", "1.5"]


class TestOciImages:
    @pytest.mark.parametrize("kind", ["gzip", "zstd", "none"])
    def test_are_served_byte_for_byte(
        self,
        oci_download: Callable[[str, Path], Path],
        kind: str,
        serve_registry: ServeRegistry,
        skopeo: Skopeo,
        tmp_path: Path,
    ) -> None:
        folder = oci_download(kind, tmp_path / "in")
        result = blobfix("to-registry-tree", folder, "-o", tmp_path / "registry", "-n", f"oci/{kind}:1")
        assert result.code == 0, result.stderr
        registry = serve_registry(tmp_path / "registry")
        manifest = (folder / "manifest.json").read_bytes()
        assert registry.manifest(f"oci/{kind}", "1") == manifest
        served_blobs(registry, f"oci/{kind}", "1")
        assert NOTHING_TO_COLLECT in registry.garbage_collect(dry_run=True)
        skopeo.copy(f"docker://{registry.host}/oci/{kind}:1", f"dir:{tmp_path / 'dir'}")
        assert (tmp_path / "dir" / "manifest.json").read_bytes() == manifest


class TestAgain:
    def test_a_second_run_changes_nothing(self, tree: Path, download: Path) -> None:
        before = snapshot(tree, times=True)
        assert blobfix("to-registry-tree", download.parents[2], "-o", tree).code == 0
        assert snapshot(tree, times=True) == before

    def test_a_damaged_blob_in_the_tree_is_put_right(self, tree: Path, download: Path) -> None:
        before = contents(tree)
        largest = max(tree.rglob("data"), key=lambda path: path.stat().st_size)
        damage.flip_byte(largest, 100)
        assert blobfix("to-registry-tree", download.parents[2], "-o", tree).code == 0
        assert contents(tree) == before

    def test_a_tag_moves_and_the_old_revision_stays(
        self, tree: Path, serve_registry: ServeRegistry, tmp_path: Path, pushed_image: PushedImage
    ) -> None:
        other = make_image(sample_layers("other", 5000))
        folder = write_artifactory_folder(other, tmp_path / "other")
        assert blobfix("to-registry-tree", folder, "-o", tree, "-n", "team/app:1.4", "--replace-tags").code == 0
        registry = serve_registry(tree)
        assert registry.manifest("team/app", "1.4") == other.manifest
        assert len(registry.manifest("team/app", pushed_image.manifest_digest)) > 0
        assert NOTHING_TO_COLLECT in registry.garbage_collect(dry_run=True)

    def test_several_runs_fill_one_tree(
        self, tree: Path, serve_registry: ServeRegistry, dockerd: Dockerd, pushed_image: PushedImage, tmp_path: Path
    ) -> None:
        images = {
            "base/gzip:1": make_image(sample_layers("gzip", 5000)),
            "base/oci:1": make_image(sample_layers("oci", 5000), "zstd", docker=False),
            "team/app:2": make_image(sample_layers("app2", 5000)),
        }
        before = contents(tree)
        for number, (name, image) in enumerate(images.items()):
            folder = write_artifactory_folder(image, tmp_path / f"in{number}")
            assert blobfix("to-registry-tree", folder, "-o", tree, "--name", name).code == 0
        assert before.items() <= contents(tree).items()
        registry = serve_registry(tree)
        assert registry.catalog() == ["base/gzip", "base/oci", "team/app"]
        assert sorted(registry.tags("team/app")) == ["1.4", "2"]
        for name, image in images.items():
            repository, _, tag = name.partition(":")
            assert registry.manifest(repository, tag) == image.manifest
            served_blobs(registry, repository, tag)
        assert NOTHING_TO_COLLECT in registry.garbage_collect(dry_run=True, delete_untagged=True)
        assert dockerd.pull(f"{registry.host}/team/app:1.4") == pushed_image.image_id
        assert dockerd.pull(f"{registry.host}/team/app:2") == str(images["team/app:2"].image_id)


@pytest.mark.parametrize("mask", ["000", "022", "077"])
def test_modes_dont_depend_on_the_umask(mask: str, tmp_path: Path) -> None:
    folder = write_artifactory_folder(make_image(sample_layers("modes", 9000)), tmp_path / "in")
    root = tmp_path / "registry"
    prefix = ["sh", "-c", f'umask {mask} && exec "$@"', "sh"]
    assert blobfix("to-registry-tree", folder, "-o", root, "-n", "a/b:1", prefix=prefix).code == 0
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (root / "docker", *(root / "docker").rglob("*"))}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o644}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o755}
    # The root itself is the user's own affair, but a new one must be as readable as all below it.
    assert stat.S_IMODE(root.stat().st_mode) == 0o755


def test_a_registry_under_another_user_can_read_it(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    folder = write_artifactory_folder(make_image(sample_layers("nobody", 9000)), tmp_path / "in")
    root = tmp_path / "registry"
    prefix = ["sh", "-c", 'umask 077 && exec "$@"', "sh"]
    assert blobfix("to-registry-tree", folder, "-o", root, "-n", "a/b:1", prefix=prefix).code == 0
    assert all(path.stat().st_mode & 0o004 for path in root.rglob("*"))
    assert all(path.stat().st_mode & 0o001 for path in (root, *root.rglob("*")) if path.is_dir())


class TestWithANewDigest:
    """Where a layer's own bytes can't be computed again, or nobody wants that."""

    _OPTIONS = ("--no-recompress", "--allow-new-digest")

    def test_a_gunzipped_layer_gives_the_same_image(
        self, download: Path, serve_registry: ServeRegistry, dockerd: Dockerd, pushed_image: PushedImage, tmp_path: Path
    ) -> None:
        self._gunzip_a_layer(download)
        before = snapshot(download, times=True)
        root = tmp_path / "registry"
        refused = blobfix("to-registry-tree", download.parents[2], "-o", root, "--no-recompress")
        assert refused.code == 4
        assert "--allow-new-digest" in refused.stderr
        assert not root.exists()
        result = blobfix("to-registry-tree", download.parents[2], "-o", root, *self._OPTIONS)
        assert result.code == 0, result.stderr
        registry = serve_registry(root)
        manifest = registry.manifest("team/app", "1.4")
        digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
        assert digest != pushed_image.manifest_digest
        assert digest in result.text
        assert pushed_image.manifest_digest in result.text
        assert pushed_image.image_id in served_blobs(registry, "team/app", "1.4")
        assert dockerd.pull(f"{registry.host}/team/app:1.4") == pushed_image.image_id
        assert NOTHING_TO_COLLECT in registry.garbage_collect(dry_run=True)
        assert snapshot(download, times=True) == before

    def test_skopeo_checks_it_and_a_second_run_changes_nothing(
        self, download: Path, serve_registry: ServeRegistry, skopeo: Skopeo, tmp_path: Path
    ) -> None:
        self._gunzip_a_layer(download)
        root = tmp_path / "registry"
        blobfix("to-registry-tree", download.parents[2], "-o", root, *self._OPTIONS)
        before = snapshot(root, times=True)
        assert blobfix("to-registry-tree", download.parents[2], "-o", root, *self._OPTIONS).code == 0
        assert snapshot(root, times=True) == before
        registry = serve_registry(root)
        skopeo.copy(f"docker://{registry.host}/team/app:1.4", f"dir:{tmp_path / 'dir'}")
        assert wrong_names(tmp_path / "dir") == []

    @staticmethod
    def _gunzip_a_layer(folder: Path) -> None:
        layers = json.loads((folder / "manifest.json").read_bytes())["layers"]
        damage.gunzip_in_place(folder / layers[1]["digest"].replace(":", "__"))


def test_large_layers_are_copied_while_they_are_read_and_end_up_right(
    large_image: GeneratedImage, tmp_path: Path
) -> None:
    folder = write_artifactory_folder(large_image, tmp_path / "in")
    root = tmp_path / "registry"
    assert blobfix("to-registry-tree", folder, "-o", root, "-n", "large/app:1").code == 0
    blobs = {path.parent.name: path.read_bytes() for path in root.rglob("data")}
    assert blobs == {
        digest.hex: content
        for digest, content in (*large_image.blobs.items(), (large_image.manifest_digest, large_image.manifest))
    }
    assert leftovers(root) == []
