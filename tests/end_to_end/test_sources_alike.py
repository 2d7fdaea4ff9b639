"""The same image from every place that a real program keeps it in gives the same report."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.blobfix import blobfix
from tests.images.built import PushedImage
from tests.programs.containerd import Containerd
from tests.programs.docker_registry import DockerRegistry
from tests.programs.dockerd import Dockerd
from tests.programs.podman import Podman
from tests.programs.skopeo import Skopeo
from tests.programs.umoci import Umoci

NAME = "team/app:1.4"


def image_in(place: Path, *options: str) -> dict[str, Any]:
    """The one image that a scan sees there; it must be whole."""
    result = blobfix("scan", "--format", "json", *options, place)
    assert result.code == 0, result.text
    severe = [finding for finding in result.json["findings"] if finding["severity"] != "info"]
    assert severe == []
    (image,) = result.json["images"]
    return dict(image)


def layers_of(image: dict[str, Any]) -> list[str]:
    return [blob["digest"] for blob in image["blobs"] if blob["role"] == "layer"]


@pytest.fixture(scope="module")
def original(pristine_download: Path) -> dict[str, Any]:
    return image_in(pristine_download.parents[2])


class TestPlacesThatKeepTheManifest:
    @pytest.fixture
    def check(self, original: dict[str, Any], pushed_image: PushedImage) -> Callable[..., None]:
        def same(place: Path, *, name: str | None = NAME) -> None:
            image = image_in(place)
            assert image["manifest_digest"] == pushed_image.manifest_digest
            assert (image["image_id"], layers_of(image)) == (original["image_id"], layers_of(original))
            assert image["outputs"] == original["outputs"]
            assert image["name"] == name

        return same

    def test_a_registrys_storage(
        self,
        check: Callable[..., None],
        docker_registry: DockerRegistry,
        pushed_image: PushedImage,
        tmp_path: Path,
        skopeo: Skopeo,
        serve_registry: Callable[..., DockerRegistry],
    ) -> None:
        root = tmp_path / "registry"
        with_one_image = serve_registry(root)
        skopeo.copy(f"docker://{pushed_image.reference}", f"docker://{with_one_image.host}/{NAME}")
        check(root)

    def test_skopeos_folder(
        self, check: Callable[..., None], skopeo: Skopeo, pushed_image: PushedImage, tmp_path: Path
    ) -> None:
        skopeo.copy(f"docker://{pushed_image.reference}", f"dir:{tmp_path / 'dir'}")
        check(tmp_path / "dir", name=None)

    def test_an_oci_layout_with_the_original_types(
        self, check: Callable[..., None], download: Path, tmp_path: Path
    ) -> None:
        assert blobfix("to-oci-layout", download.parents[2], "-o", tmp_path / "layout").code == 0
        check(tmp_path / "layout")

    def test_a_docker_tar_of_ours(self, check: Callable[..., None], download: Path, tmp_path: Path) -> None:
        assert blobfix("to-docker-tar", download.parents[2], "-o", tmp_path / "image.tar").code == 0
        check(tmp_path / "image.tar")

    def test_containerds_content_store(
        self, check: Callable[..., None], download: Path, tmp_path: Path, containerd: Containerd
    ) -> None:
        tar = tmp_path / "image.tar"
        assert blobfix("to-docker-tar", download.parents[2], "-o", tar).code == 0
        containerd.import_image(tar)
        check(containerd.content, name=None)

    def test_quays_storage(self, check: Callable[..., None], download: Path, tmp_path: Path) -> None:
        for path in download.iterdir():
            digest = _sha256(path)
            target = tmp_path / "quay" / "sha256" / digest[:2] / digest
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        check(tmp_path / "quay", name=None)

    def test_artifactorys_filestore(self, check: Callable[..., None], download: Path, tmp_path: Path) -> None:
        for path in download.iterdir():
            digest = subprocess.run(["sha1sum", path], capture_output=True, check=True, text=True).stdout[:40]
            target = tmp_path / "filestore" / digest[:2] / digest
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        check(tmp_path / "filestore", name=None)

    def test_an_export_of_artifactory(self, check: Callable[..., None], download: Path, tmp_path: Path) -> None:
        folder = tmp_path / "export" / "repositories" / "docker-local" / "team" / "app" / "1.4"
        shutil.copytree(download, folder)
        for path in download.iterdir():
            notes = folder / f"{path.name}.artifactory-metadata"
            notes.mkdir()
            (notes / "artifactory-file.xml").write_text(
                "<artifactory-file><size>1</size><additionalInfo><checksumsInfo><checksums>"
                f"<checksum><type>sha256</type><actual>{_sha256(path)}</actual></checksum>"
                "</checksums></checksumsInfo></additionalInfo></artifactory-file>"
            )
        (folder / "manifest.json.artifactory-metadata" / "properties.xml").write_text(
            "<properties><docker.manifest>1.4</docker.manifest><docker.repoName>team/app</docker.repoName>"
            f"<docker.manifest.digest>sha256:{_sha256(download / 'manifest.json')}</docker.manifest.digest>"
            "</properties>"
        )
        check(tmp_path / "export")

    def test_a_nexus_blob_store(self, check: Callable[..., None], download: Path, tmp_path: Path) -> None:
        folder = tmp_path / "nexus" / "content" / "vol-01" / "chap-02"
        folder.mkdir(parents=True)
        for number, path in enumerate(download.iterdir()):
            shutil.copy(path, folder / f"0000-{number}.bytes")
            is_manifest = path.name == "manifest.json"
            name = "v2/team/app/manifests/1.4" if is_manifest else f"v2/-/blobs/sha256:{_sha256(path)}"
            (folder / f"0000-{number}.properties").write_text(
                f"#Sat Jan 01 00:00:00 UTC 2022\n@BlobStore.blob-name={name}\n@Bucket.repo-name=docker\nsize=1\n"
            )
        check(tmp_path / "nexus")


class TestPlacesThatKeepTheConfigAlone:
    """docker save, podman save and their kin keep the image id, and no registry's manifest."""

    @pytest.fixture
    def check(self, original: dict[str, Any]) -> Callable[[Path], None]:
        def same(place: Path) -> None:
            image = image_in(place)
            assert image["image_id"] == original["image_id"]
            assert image["name"] == NAME
            assert image["outputs"]["docker-tar"] == "exact"

        return same

    def test_docker_save(
        self, check: Callable[[Path], None], dockerd: Dockerd, pushed_image: PushedImage, tmp_path: Path
    ) -> None:
        dockerd.pull(pushed_image.reference)
        dockerd.tag(pushed_image.reference, NAME)
        tar = dockerd.save(NAME, tmp_path / "saved.tar")
        check(tar)
        with tarfile.open(tar) as archive:
            archive.extractall(tmp_path / "unpacked", filter="data")
        check(tmp_path / "unpacked")

    def test_podman_save(self, check: Callable[[Path], None], podman: Podman, download: Path, tmp_path: Path) -> None:
        assert blobfix("to-docker-tar", download.parents[2], "-o", tmp_path / "image.tar").code == 0
        podman.load(tmp_path / "image.tar")
        podman.command("save", "--format", "docker-archive", "-o", str(tmp_path / "podman.tar"), f"docker.io/{NAME}")
        check(tmp_path / "podman.tar")

    def test_docker_drags_and_frozen_images_folders(
        self, check: Callable[[Path], None], skopeo: Skopeo, pushed_image: PushedImage, tmp_path: Path
    ) -> None:
        tar = tmp_path / "archive.tar"
        skopeo.copy(f"docker://{pushed_image.reference}", f"docker-archive:{tar}:docker.io/{NAME}")
        check(tar)


def test_a_layout_that_umoci_wrote(
    umoci: Umoci,
    skopeo: Skopeo,
    download: Path,
    tmp_path: Path,
    serve_registry: Callable[..., DockerRegistry],
) -> None:
    """umoci writes a manifest and a config of its own, which then are the same everywhere."""
    layout = tmp_path / "layout"
    assert blobfix("to-oci-layout", download.parents[2], "-o", layout, "--oci-media-types").code == 0
    umoci.command("config", "--image", f"{layout}:1.4", "--tag", "umoci", "--config.label", "by=umoci")
    umoci.command("remove", "--image", f"{layout}:1.4")
    umoci.command("gc", "--layout", str(layout))
    seen = image_in(layout)
    root = tmp_path / "registry"
    registry = serve_registry(root)
    skopeo.copy(f"oci:{layout}:umoci", f"docker://{registry.host}/team/app:umoci")
    skopeo.copy(f"oci:{layout}:umoci", f"dir:{tmp_path / 'dir'}")
    for place in (root, tmp_path / "dir"):
        image = image_in(place)
        assert [image[key] for key in ("manifest_digest", "image_id", "outputs")] == [
            seen[key] for key in ("manifest_digest", "image_id", "outputs")
        ]
        assert layers_of(image) == layers_of(seen)


def _sha256(path: Path) -> str:
    return subprocess.run(["sha256sum", path], capture_output=True, check=True, text=True).stdout[:64]
