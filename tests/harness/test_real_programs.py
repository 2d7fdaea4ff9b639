"""The tests' own tools, tested: a harness that doesn't do what it says would let anything pass."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from tests.images.artifactory import OCI_KINDS, artifactory_folder, wrong_names
from tests.images.built import PushedImage
from tests.images.content import sample_layers
from tests.images.generated import make_image, make_index, write_artifactory_folder, write_artifactory_index
from tests.programs.command import MissingProgramError, ProgramError, find
from tests.programs.docker_registry import DockerRegistry
from tests.programs.dockerd import Dockerd
from tests.programs.podman import Podman
from tests.programs.skopeo import Skopeo
from tests.programs.umoci import Umoci

ServeRegistry = Callable[..., DockerRegistry]


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@pytest.fixture(scope="session")
def docker_archive(skopeo: Skopeo, pushed_image: PushedImage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = tmp_path_factory.mktemp("archive") / "image.tar"
    skopeo.copy(f"docker://{pushed_image.reference}", f"docker-archive:{archive}:team/app:1.4")
    return archive


class TestRegistry:
    def test_serves_the_pushed_image_with_the_digests_docker_said(
        self, docker_registry: DockerRegistry, pushed_image: PushedImage
    ) -> None:
        manifest = docker_registry.manifest("team/app", "1.4")
        config = json.loads(manifest)["config"]["digest"]
        assert sha256(manifest) == pushed_image.manifest_digest
        assert config == pushed_image.image_id == sha256(docker_registry.blob("team/app", config))
        assert "team/app" in docker_registry.catalog()
        assert docker_registry.tags("team/app") == ["1.4"]

    def test_tells_the_digest_in_a_head_response(
        self, docker_registry: DockerRegistry, pushed_image: PushedImage
    ) -> None:
        response = docker_registry.head("/v2/team/app/manifests/1.4")
        assert (response.status, response.body) == (200, b"")
        assert response.headers["docker-content-digest"] == pushed_image.manifest_digest

    def test_an_error_status_is_a_response(self, docker_registry: DockerRegistry) -> None:
        assert docker_registry.request("/v2/nobody/nothing/manifests/1").status == 404

    def test_another_registry_over_the_same_tree_serves_the_same(
        self, docker_registry: DockerRegistry, pushed_image: PushedImage, serve_registry: ServeRegistry
    ) -> None:
        other = serve_registry(docker_registry.root, readonly=True)
        assert other.host != docker_registry.host
        assert sha256(other.manifest("team/app", "1.4")) == pushed_image.manifest_digest

    def test_garbage_collection_keeps_what_is_tagged(
        self, skopeo: Skopeo, pushed_image: PushedImage, serve_registry: ServeRegistry, tmp_path: Path
    ) -> None:
        registry = serve_registry(tmp_path)
        skopeo.copy(f"docker://{pushed_image.reference}", f"docker://{registry.host}/gc/app:1")
        assert "0 blobs and 0 manifests eligible for deletion" in registry.garbage_collect(dry_run=True)
        registry.garbage_collect(delete_untagged=True)
        assert sha256(registry.blob("gc/app", pushed_image.image_id)) == pushed_image.image_id


class TestArtifactoryFolder:
    def test_every_file_is_what_its_name_says(self, pristine_download: Path) -> None:
        assert len(list(pristine_download.iterdir())) == 5
        assert wrong_names(pristine_download) == []

    def test_the_manifest_is_byte_for_byte_the_registrys(
        self, pristine_download: Path, pushed_image: PushedImage
    ) -> None:
        assert sha256((pristine_download / "manifest.json").read_bytes()) == pushed_image.manifest_digest

    def test_the_last_layer_takes_a_file_away(self, pristine_download: Path) -> None:
        last = json.loads((pristine_download / "manifest.json").read_bytes())["layers"][-1]["digest"]
        with tarfile.open(pristine_download / last.replace(":", "__")) as tar:
            assert "srv/app/data/.wh.routes.txt" in tar.getnames()

    def test_a_copy_can_be_damaged_without_harm_to_the_original(self, download: Path, pristine_download: Path) -> None:
        (download / "manifest.json").write_bytes(b"")
        assert (pristine_download / "manifest.json").stat().st_size > 0
        assert download.parts[-3:] == ("team", "app", "1.4")

    @pytest.mark.parametrize("kind", OCI_KINDS)
    def test_oci_images_are_of_the_kind_asked_for(
        self, oci_download: Callable[[str, Path], Path], kind: str, tmp_path: Path
    ) -> None:
        folder = oci_download(kind, tmp_path / "folder")
        manifest = json.loads((folder / "manifest.json").read_bytes())
        config = json.loads((folder / manifest["config"]["digest"].replace(":", "__")).read_bytes())
        said = {"gzip": "+gzip", "zstd": "+zstd", "none": ".tar", "mislabelled": "+gzip"}[kind]
        assert manifest["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
        assert wrong_names(folder) == []
        for layer, diff_id in zip(manifest["layers"], config["rootfs"]["diff_ids"], strict=True):
            content = (folder / layer["digest"].replace(":", "__")).read_bytes()
            assert layer["mediaType"].endswith(said)
            assert sha256(_unpack(content, kind)) == diff_id


def _unpack(content: bytes, kind: str) -> bytes:
    if kind == "gzip":
        return gzip.decompress(content)
    return zstandard.ZstdDecompressor().decompressobj().decompress(content) if kind == "zstd" else content


class TestDockerAndPodman:
    def test_docker_loads_a_docker_archive(
        self, dockerd: Dockerd, docker_archive: Path, pushed_image: PushedImage
    ) -> None:
        assert dockerd.image_ids() == []
        assert "Loaded image: team/app:1.4" in dockerd.load(docker_archive)
        assert dockerd.image_id("team/app:1.4") == pushed_image.image_id
        assert dockerd.inspect("team/app:1.4")["Config"]["WorkingDir"] == ""

    def test_docker_loads_from_a_stream_and_from_bytes(self, dockerd: Dockerd, docker_archive: Path) -> None:
        with docker_archive.open("rb") as stream:
            assert "team/app:1.4" in dockerd.load(stream)
        dockerd.remove("team/app:1.4")
        assert "team/app:1.4" in dockerd.load(docker_archive.read_bytes())

    def test_a_refused_archive_raises_with_dockers_words(self, dockerd: Dockerd, tmp_path: Path) -> None:
        (tmp_path / "image.tar").write_bytes(bytes(10240))
        with pytest.raises(ProgramError) as caught:
            dockerd.load(tmp_path / "image.tar")
        assert caught.value.returncode == 1
        assert "no such file" in caught.value.output or "manifest.json" in caught.value.output

    def test_docker_pulls_what_it_pushed_and_sees_the_whiteout(
        self, dockerd: Dockerd, pushed_image: PushedImage
    ) -> None:
        assert dockerd.pull(pushed_image.reference) == pushed_image.image_id
        with tarfile.open(fileobj=io.BytesIO(dockerd.export(pushed_image.reference))) as tar:
            names = tar.getnames()
        assert "srv/app/data/regions.txt" in names
        assert not [name for name in names if name.endswith("routes.txt")]

    def test_docker_saves_what_it_can_load(self, dockerd: Dockerd, pushed_image: PushedImage, tmp_path: Path) -> None:
        dockerd.pull(pushed_image.reference)
        saved = dockerd.save(pushed_image.reference, tmp_path / "saved.tar")
        dockerd.remove_all()
        dockerd.load(saved)
        assert dockerd.image_ids() == [pushed_image.image_id]

    def test_podman_loads_a_docker_archive(
        self, podman: Podman, docker_archive: Path, pushed_image: PushedImage
    ) -> None:
        assert podman.image_ids() == []
        assert "team/app:1.4" in podman.load(docker_archive)
        assert podman.image_id("team/app:1.4") == pushed_image.image_id

    def test_podman_pulls(self, podman: Podman, pushed_image: PushedImage) -> None:
        assert podman.pull(pushed_image.reference) == pushed_image.image_id


class TestSkopeoAndUmoci:
    def test_skopeo_inspects(self, skopeo: Skopeo, pushed_image: PushedImage) -> None:
        assert skopeo.inspect(f"docker://{pushed_image.reference}")["Digest"] == pushed_image.manifest_digest

    def test_umoci_unpacks_a_layout(
        self, skopeo: Skopeo, umoci: Umoci, pushed_image: PushedImage, tmp_path: Path
    ) -> None:
        layout = tmp_path / "layout"
        skopeo.copy(f"docker://{pushed_image.reference}", f"oci:{layout}:1.4")
        root = umoci.unpack(layout, "1.4", tmp_path / "root")
        assert umoci.tags(layout) == ["1.4"]
        assert len(umoci.stat(layout, "1.4")["history"]) == 5
        assert sorted(path.name for path in (root / "srv/app/data").iterdir()) == ["products.txt", "regions.txt"]


class TestGeneratedImages:
    @pytest.mark.parametrize(
        ("compression", "docker"), [("gzip", True), ("none", True), ("gzip", False), ("zstd", False), ("none", False)]
    )
    def test_a_registry_takes_it_and_umoci_finds_every_digest_right(
        self, umoci: Umoci, skopeo: Skopeo, compression: str, docker: bool, tmp_path: Path
    ) -> None:
        image = make_image(sample_layers("generated", 5000), compression, docker=docker)
        place = _as_skopeo_dir(write_artifactory_folder(image, tmp_path / "folder"), tmp_path / "dir")
        skopeo.copy(f"dir:{place}", f"oci:{tmp_path / 'layout'}:1", "--format=oci", "--dest-compress-format=gzip")
        root = umoci.unpack(tmp_path / "layout", "1", tmp_path / "root")
        assert (root / "etc/passwd").exists()

    def test_is_the_same_every_time(self) -> None:
        assert make_image(sample_layers("same", 900)) == make_image(sample_layers("same", 900))
        assert make_image(sample_layers("same", 900)) != make_image(sample_layers("other", 900))

    def test_facts_agree(self) -> None:
        image = make_image([{"a": b"1"}, {"b": b"2"}], "zstd", docker=False)
        manifest, config = json.loads(image.manifest), json.loads(image.config)
        assert manifest["config"]["digest"] == str(image.image_id)
        assert [layer["digest"] for layer in manifest["layers"]] == [str(digest) for digest in image.layer_digests]
        assert config["rootfs"]["diff_ids"] == [str(digest) for digest in image.diff_ids]

    @pytest.mark.parametrize("separator", ["__", ":"])
    def test_an_index_has_its_children_in_folders_beside_it(self, separator: str, tmp_path: Path) -> None:
        images = [make_image([{"arch": name.encode()}], architecture=name) for name in ("amd64", "arm64")]
        folder = write_artifactory_index(make_index(images), tmp_path / "app" / "1.4", separator=separator)
        assert [path.name for path in folder.iterdir()] == ["list.manifest.json"]
        for child in json.loads((folder / "list.manifest.json").read_bytes())["manifests"]:
            manifest = folder.parent / child["digest"].replace(":", separator) / "manifest.json"
            assert sha256(manifest.read_bytes()) == child["digest"]

    def test_docker_accepts_it(
        self, skopeo: Skopeo, dockerd: Dockerd, docker_registry: DockerRegistry, tmp_path: Path
    ) -> None:
        image = make_image(sample_layers("accepted", 4000))
        place = _as_skopeo_dir(write_artifactory_folder(image, tmp_path / "folder"), tmp_path / "dir")
        skopeo.copy(f"dir:{place}", f"docker://{docker_registry.host}/generated/app:1")
        assert dockerd.pull(f"{docker_registry.host}/generated/app:1") == str(image.image_id)
        again = artifactory_folder(docker_registry, "generated/app", "1", tmp_path / "again")
        assert (again / "manifest.json").read_bytes() == image.manifest


def _as_skopeo_dir(folder: Path, target: Path) -> Path:
    target.mkdir()
    (target / "version").write_text("Directory Transport Version: 1.1\n")
    for path in folder.iterdir():
        (target / path.name.removeprefix("sha256__")).write_bytes(path.read_bytes())
    return target


def test_a_missing_program_is_named_with_the_way_to_get_it() -> None:
    with pytest.raises(MissingProgramError, match=r"^no-such-tool is not installed.*apt-get install some-package$"):
        find("no-such-tool", "some-package")
