"""The OCI layout is what skopeo, umoci and podman take, with the original digests."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from importer.domain import media_types
from importer.domain.digest import Digest
from importer.investigation import Question, survey
from importer.places.durability import Durability
from importer.places.folder_store import FolderStore
from importer.places.named import place_of
from importer.places.opener import Opener
from importer.progress import SilentProgress
from importer.writers.outputs import OCI_LAYOUT
from importer.writers.selection import Choice, choose
from importer.writers.stored_layout import StoredLayout
from importer.writers.verifying_reader import VerifyingReader
from tests import damage
from tests.blobfix import blobfix, contents, leftovers, snapshot, start
from tests.images.built import PushedImage
from tests.images.content import sample_layers
from tests.images.generated import (
    GeneratedImage,
    make_image,
    make_index,
    write_artifactory_folder,
    write_artifactory_index,
)
from tests.programs.docker_registry import DockerRegistry
from tests.programs.podman import Podman
from tests.programs.skopeo import Skopeo
from tests.programs.umoci import Umoci
from tests.work.threads import threads


@pytest.fixture
def layout(download: Path, tmp_path: Path) -> Path:
    """The layout that blobfix wrote from the clean download."""
    target = tmp_path / "layout"
    result = blobfix("to-oci-layout", download.parents[2], "-o", target)
    assert result.code == 0, result.stderr
    return target


@pytest.fixture
def archive(download: Path, tmp_path: Path) -> Path:
    """The same as one file."""
    target = tmp_path / "layout.tar"
    result = blobfix("to-oci-layout", download.parents[2], "-o", target)
    assert result.code == 0, result.stderr
    return target


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def entries(layout: Path) -> list[dict[str, Any]]:
    """What the layout's index lists."""
    value: dict[str, Any] = json.loads((layout / "index.json").read_bytes())
    manifests: list[dict[str, Any]] = value["manifests"]
    return manifests


def artifact() -> GeneratedImage:
    """A chart as Helm pushes it."""
    content = b"a chart's archive" * 100
    config = b'{"name":"chart","version":"1.0.0","apiVersion":"v2"}'
    manifest = {
        "schemaVersion": 2,
        "config": _descriptor("application/vnd.cncf.helm.config.v1+json", config),
        "layers": [_descriptor("application/vnd.cncf.helm.chart.content.v1.tar+gzip", content)],
    }
    return GeneratedImage(json.dumps(manifest).encode(), media_types.OCI_MANIFEST, config, (content,), (), "", "")


def _descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": str(Digest.of(content)), "size": len(content)}


class TestFolder:
    def test_holds_the_original_bytes_under_their_names(
        self, layout: Path, docker_registry: DockerRegistry, pushed_image: PushedImage
    ) -> None:
        files = contents(layout)
        blobs = {name: content for name, content in files.items() if name.startswith("blobs/")}
        assert set(files) - set(blobs) == {"index.json", "oci-layout"}
        assert all(name == f"blobs/sha256/{hashlib.sha256(content).hexdigest()}" for name, content in blobs.items())
        assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
        manifest = docker_registry.manifest("team/app", "1.4")
        assert entries(layout) == [
            {
                "mediaType": media_types.DOCKER_MANIFEST,
                "digest": pushed_image.manifest_digest,
                "size": len(manifest),
                "annotations": {
                    "io.containerd.image.name": "docker.io/team/app:1.4",
                    "org.opencontainers.image.ref.name": "1.4",
                },
            }
        ]
        assert files[f"blobs/{pushed_image.manifest_digest.replace(':', '/')}"] == manifest
        assert leftovers(layout.parent) == []

    def test_skopeo_copies_it_with_its_digests(
        self, layout: Path, skopeo: Skopeo, pushed_image: PushedImage, tmp_path: Path
    ) -> None:
        skopeo.copy(f"oci:{layout}", f"dir:{tmp_path / 'dir'}")
        assert sha256((tmp_path / "dir" / "manifest.json").read_bytes()) == pushed_image.manifest_digest

    def test_podman_pulls_it(self, layout: Path, podman: Podman, pushed_image: PushedImage) -> None:
        assert podman.pull(f"oci:{layout}") == pushed_image.image_id

    def test_is_the_same_when_it_is_written_again(self, layout: Path, download: Path) -> None:
        before = snapshot(layout, times=True)
        assert blobfix("to-oci-layout", download.parents[2], "-o", layout).code == 0
        assert snapshot(layout, times=True) == before

    def test_a_wrong_blob_in_it_is_put_right(self, layout: Path, download: Path) -> None:
        before = contents(layout)
        blob = next((layout / "blobs" / "sha256").iterdir())
        blob.write_bytes(bytes(blob.stat().st_size))
        assert blobfix("to-oci-layout", download.parents[2], "-o", layout).code == 0
        assert contents(layout) == before

    def test_another_programs_layout_is_added_to(
        self, skopeo: Skopeo, pushed_image: PushedImage, download: Path, tmp_path: Path
    ) -> None:
        layout = tmp_path / "layout"
        skopeo.copy(f"docker://{pushed_image.reference}", f"oci:{layout}:other", "--format=oci")
        (other,) = entries(layout)
        assert blobfix("to-oci-layout", download.parents[2], "-o", layout).code == 0
        assert entries(layout)[0] == other
        assert entries(layout)[1]["digest"] == pushed_image.manifest_digest
        skopeo.copy(f"oci:{layout}:other", f"dir:{tmp_path / 'dir'}")
        assert sha256((tmp_path / "dir" / "manifest.json").read_bytes()) == other["digest"]

    def test_a_name_moves_on_to_the_newer_image(self, layout: Path, tmp_path: Path) -> None:
        image = make_image(sample_layers("newer", 20_000))
        folder = write_artifactory_folder(image, tmp_path / "newer")
        assert blobfix("to-oci-layout", folder, "-n", "team/app:1.4", "-o", layout, "--replace-tags").code == 0
        assert blobfix("to-oci-layout", folder, "-n", "team/app:1.5", "-o", layout).code == 0
        names = [entry["annotations"]["io.containerd.image.name"] for entry in entries(layout)]
        assert names == ["docker.io/team/app:1.4", "docker.io/team/app:1.5"]
        assert {entry["digest"] for entry in entries(layout)} == {str(image.manifest_digest)}

    def test_an_empty_folder_will_do(self, layout: Path, download: Path, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        assert blobfix("to-oci-layout", download.parents[2], "-o", tmp_path / "empty").code == 0
        assert contents(tmp_path / "empty") == contents(layout)

    @pytest.mark.parametrize("name", ["notes.txt", "index.json"])
    def test_another_folder_is_refused(self, name: str, download: Path, tmp_path: Path) -> None:
        target = tmp_path / "mine"
        target.mkdir()
        (target / name).write_text("{}")
        before = snapshot(tmp_path)
        result = blobfix("to-oci-layout", download.parents[2], "-o", target)
        assert (result.code, snapshot(tmp_path)) == (2, before)
        assert name in result.stderr

    def test_nothing_appears_when_a_layer_lacks(self, download: Path, tmp_path: Path) -> None:
        max(download.iterdir(), key=lambda path: path.stat().st_size).unlink()
        result = blobfix("to-oci-layout", download.parents[2], "-o", tmp_path / "deep" / "layout")
        assert result.code == 4
        assert not (tmp_path / "deep").exists()

    def test_a_gunzipped_layer_is_compressed_to_its_own_bytes(
        self, download: Path, pushed_image: PushedImage, tmp_path: Path, skopeo: Skopeo
    ) -> None:
        layer = json.loads((download / "manifest.json").read_bytes())["layers"][0]["digest"]
        damage.gunzip_in_place(download / layer.replace(":", "__"))
        target = tmp_path / "layout"
        assert blobfix("to-oci-layout", download, "-o", target).code == 0
        skopeo.copy(f"oci:{target}", f"dir:{tmp_path / 'dir'}", "--preserve-digests")
        assert sha256((tmp_path / "dir" / "manifest.json").read_bytes()) == pushed_image.manifest_digest

    def test_a_gunzipped_layer_asks_for_a_new_digest_otherwise(
        self, download: Path, tmp_path: Path, skopeo: Skopeo
    ) -> None:
        layer = json.loads((download / "manifest.json").read_bytes())["layers"][0]["digest"]
        damage.gunzip_in_place(download / layer.replace(":", "__"))
        target = tmp_path / "layout"
        assert blobfix("to-oci-layout", download, "-o", target, "--no-recompress").code == 4
        result = blobfix("to-oci-layout", download, "-o", target, "--no-recompress", "--allow-new-digest")
        assert result.code == 0
        assert "(new; the original's was sha256:" in result.text
        skopeo.copy(f"oci:{target}", f"dir:{tmp_path / 'dir'}")


class TestArchive:
    def test_skopeo_copies_it_with_its_digests(
        self, archive: Path, skopeo: Skopeo, pushed_image: PushedImage, tmp_path: Path
    ) -> None:
        skopeo.copy(f"oci-archive:{archive}", f"dir:{tmp_path / 'dir'}")
        assert sha256((tmp_path / "dir" / "manifest.json").read_bytes()) == pushed_image.manifest_digest

    def test_podman_loads_it(self, archive: Path, podman: Podman, pushed_image: PushedImage) -> None:
        podman.load(archive)
        assert podman.image_ids() == [pushed_image.image_id]

    def test_holds_what_the_folder_holds(self, archive: Path, layout: Path) -> None:
        with tarfile.open(archive) as opened:
            files = {member.name: opened.extractfile(member).read() for member in opened}  # type: ignore[union-attr]
        assert files == contents(layout)

    def test_has_the_same_bytes_each_time(self, archive: Path, download: Path, tmp_path: Path) -> None:
        for number, path in enumerate(sorted(download.glob("sha256__*"))):
            damage.rename(path, f"{99 - number} (1).bin")
        assert blobfix("to-oci-layout", download.parents[2], "-o", tmp_path / "again.tar", "-j", "1").code == 0
        assert (tmp_path / "again.tar").read_bytes() == archive.read_bytes()

    def test_large_layers_are_the_same_as_in_a_folder(self, large_image: GeneratedImage, tmp_path: Path) -> None:
        folder = write_artifactory_folder(large_image, tmp_path / "in")
        for target in ("layout", "layout.tar"):
            assert blobfix("to-oci-layout", folder, "-o", tmp_path / target).code == 0
        with tarfile.open(tmp_path / "layout.tar") as opened:
            files = {member.name: opened.extractfile(member).read() for member in opened}  # type: ignore[union-attr]
        assert files == contents(tmp_path / "layout")
        expected = {**large_image.blobs, large_image.manifest_digest: large_image.manifest}
        assert {name for name in files if "/" in name} == {f"blobs/sha256/{digest.hex}" for digest in expected}


class TestKinds:
    @pytest.mark.parametrize("kind", ["gzip", "zstd", "none"])
    def test_oci_images_keep_their_digests(
        self, oci_download: Callable[[str, Path], Path], kind: str, skopeo: Skopeo, umoci: Umoci, tmp_path: Path
    ) -> None:
        folder = oci_download(kind, tmp_path / "in")
        assert blobfix("to-oci-layout", folder, "-o", tmp_path / "layout", "-n", "oci/app:1").code == 0
        skopeo.copy(f"oci:{tmp_path / 'layout'}:1", f"dir:{tmp_path / 'dir'}")
        assert (tmp_path / "dir" / "manifest.json").read_bytes() == (folder / "manifest.json").read_bytes()
        assert umoci.tags(tmp_path / "layout") == ["1"]

    def test_a_chart_is_written_too(self, skopeo: Skopeo, tmp_path: Path) -> None:
        chart = artifact()
        folder = write_artifactory_folder(chart, tmp_path / "in")
        result = blobfix("to-oci-layout", folder, "-o", tmp_path / "layout", "-n", "charts/app:1.0.0")
        assert result.code == 0, result.stderr
        skopeo.copy(f"oci:{tmp_path / 'layout'}:1.0.0", f"dir:{tmp_path / 'dir'}")
        assert (tmp_path / "dir" / "manifest.json").read_bytes() == chart.manifest

    @pytest.mark.parametrize("docker", [True, False])
    def test_an_index_comes_with_its_children(self, docker: bool, skopeo: Skopeo, tmp_path: Path) -> None:
        index = make_index(
            [make_image(sample_layers(name, 9_000), docker=docker, architecture=name) for name in ("amd64", "arm64")],
            docker=docker,
        )
        folder = write_artifactory_index(index, tmp_path / "in" / "tag")
        assert blobfix("to-oci-layout", tmp_path / "in", "-o", tmp_path / "layout", "-n", "m/app:1").code == 0
        assert [entry["digest"] for entry in entries(tmp_path / "layout")] == [str(index.manifest_digest)]
        skopeo.copy(f"oci:{tmp_path / 'layout'}", f"dir:{tmp_path / 'dir'}", "--all")
        written = (tmp_path / "dir" / "manifest.json").read_bytes()
        assert written == index.manifest == (folder / "list.manifest.json").read_bytes()

    def test_an_index_without_a_child_is_written_on_demand(self, skopeo: Skopeo, tmp_path: Path) -> None:
        images = [make_image(sample_layers(name, 9_000), architecture=name) for name in ("amd64", "arm64")]
        index = make_index(images)
        write_artifactory_index(index, tmp_path / "in" / "tag")
        (tmp_path / "in" / images[1].manifest_digest.file_name / images[1].layer_digests[0].file_name).unlink()
        target = tmp_path / "layout"
        command = ("to-oci-layout", tmp_path / "in", "-o", target, "-n", "m/app:1")
        assert blobfix(*command).code == 4
        assert blobfix(*command, "--sparse").code == 0
        assert [entry["digest"] for entry in entries(target)] == [str(index.manifest_digest)]
        assert blobfix(*command, "--platform", "linux/amd64", "--replace-tags").code == 0
        assert [entry["digest"] for entry in entries(target)] == [str(images[0].manifest_digest)]
        skopeo.copy(f"oci:{target}", f"dir:{tmp_path / 'dir'}")
        assert (tmp_path / "dir" / "manifest.json").read_bytes() == images[0].manifest


class TestOciMediaTypes:
    def test_umoci_unpacks_the_files(
        self, download: Path, umoci: Umoci, pushed_image: PushedImage, tmp_path: Path
    ) -> None:
        layout = tmp_path / "layout"
        result = blobfix("to-oci-layout", download.parents[2], "-o", layout, "--oci-media-types")
        assert result.code == 0, result.stderr
        (entry,) = entries(layout)
        assert entry["mediaType"] == media_types.OCI_MANIFEST
        assert f"manifest {entry['digest']}  (new; the original's was {pushed_image.manifest_digest})" in result.text
        assert f"image id {pushed_image.image_id}\n" in result.text
        root = umoci.unpack(layout, "1.4", tmp_path / "root")
        system, application, update = sample_layers("app", 600_000)
        expected = {**system, **application, **update}
        gone = {name for name in expected if ".wh." in name} | {"srv/app/data/routes.txt"}
        assert contents(root) == {name: content for name, content in expected.items() if name not in gone}

    def test_an_index_is_rewritten_with_its_children(self, skopeo: Skopeo, tmp_path: Path) -> None:
        index = make_index([make_image(sample_layers(name, 9_000), architecture=name) for name in ("amd64", "arm64")])
        write_artifactory_index(index, tmp_path / "in" / "tag")
        layout = tmp_path / "layout"
        command = ("to-oci-layout", tmp_path / "in", "-o", layout, "-n", "m/app:1", "--oci-media-types")
        assert blobfix(*command).code == 0
        skopeo.copy(f"oci:{layout}:1", f"dir:{tmp_path / 'dir'}", "--all")
        value = json.loads((tmp_path / "dir" / "manifest.json").read_bytes())
        assert value["mediaType"] == media_types.OCI_INDEX
        assert {child["mediaType"] for child in value["manifests"]} == {media_types.OCI_MANIFEST}
        assert "vnd.docker" not in "".join(path.read_text("latin-1") for path in (tmp_path / "dir").glob("*.json"))

    def test_are_refused_where_they_are_already(
        self, oci_download: Callable[[str, Path], Path], tmp_path: Path
    ) -> None:
        folder = oci_download("gzip", tmp_path / "in")
        result = blobfix("to-oci-layout", folder, "-o", tmp_path / "layout", "--oci-media-types")
        assert result.code == 2
        assert not (tmp_path / "layout").exists()


@pytest.mark.slow
class TestSeveralAtATime:
    """Each process takes the index as it stands when its own turn comes."""

    @pytest.mark.parametrize("is_there", [True, False], ids=["one that is there", "a new one"])
    def test_every_image_gets_into_the_index(self, tmp_path: Path, is_there: bool) -> None:
        tags = {f"{number}.0" for number in range(8)}
        for tag in tags:
            write_artifactory_folder(make_image(sample_layers(tag, 9_000)), tmp_path / tag / "team" / "app" / tag)
        if is_there:
            write_artifactory_folder(make_image(sample_layers("old", 9_000)), tmp_path / "a" / "team" / "app" / "old")
            assert blobfix("to-oci-layout", tmp_path / "a", "-o", tmp_path / "layout").code == 0
        running = [start("to-oci-layout", tmp_path / tag, "-o", tmp_path / "layout") for tag in sorted(tags)]
        errors = [process.communicate(timeout=60)[1] for process in running]
        assert [process.returncode for process in running] == [0] * len(tags), errors
        names = [entry["annotations"]["org.opencontainers.image.ref.name"] for entry in entries(tmp_path / "layout")]
        assert sorted(names) == sorted(tags | ({"old"} if is_there else set()))
        assert leftovers(tmp_path / "layout") == []

    def test_the_index_is_taken_as_it_stands_at_the_end(self, tmp_path: Path) -> None:
        folders = [
            write_artifactory_folder(make_image(sample_layers(tag, 9_000)), tmp_path / tag / "team" / "app" / tag)
            for tag in ("1", "2", "3")
        ]
        layout = tmp_path / "layout"
        assert blobfix("to-oci-layout", folders[0].parents[2], "-o", layout).code == 0
        opener = Opener()
        reader = VerifyingReader(opener)
        with StoredLayout.opened(FolderStore(layout), reader, SilentProgress(), Durability()) as late:
            assert blobfix("to-oci-layout", folders[1].parents[2], "-o", layout).code == 0
            plan = survey(Question((place_of(folders[2].parents[2]),)), threads(opener=opener)).plan
            late.write(choose(plan, Choice(), OCI_LAYOUT, reader).images)
        assert len(entries(layout)) == 3
