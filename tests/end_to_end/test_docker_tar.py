"""The docker tar is loaded by docker and podman and copied by skopeo, with the original image id."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import damage
from tests.blobfix import blobfix, command, environment, leftovers, snapshot
from tests.images.built import PushedImage
from tests.images.content import compress, sample_layers, tar_of
from tests.images.generated import GeneratedImage, as_json, make_image, write_artifactory_folder
from tests.in_process import run, scan
from tests.programs.command import ProgramError
from tests.programs.docker_registry import DockerRegistry
from tests.programs.dockerd import Dockerd
from tests.programs.podman import Podman
from tests.programs.skopeo import Skopeo


@pytest.fixture
def tar(download: Path, tmp_path: Path) -> Path:
    """The tar that blobfix wrote from the clean download."""
    target = tmp_path / "image.tar"
    result = blobfix("to-docker-tar", download.parents[2], "-o", target)
    assert result.code == 0, result.stderr
    return target


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def members(archive: bytes) -> dict[str, bytes]:
    """The files of a tar, by name."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        return {entry.name: opened.extractfile(entry).read() for entry in opened.getmembers()}  # type: ignore[union-attr]


def mixed_image() -> GeneratedImage:
    """An OCI image of a plain, a zstd and a gzip layer, as tools that build on each other's images leave them."""
    layers = sample_layers("mixed", 20_000)
    kinds = ("none", "zstd", "gzip")
    image = make_image(layers, "gzip", docker=False)
    blobs = tuple(compress(tar_of(files), kind) for files, kind in zip(layers, kinds, strict=True))
    manifest = json.loads(image.manifest)
    for entry, blob, kind in zip(manifest["layers"], blobs, kinds, strict=True):
        suffix = "" if kind == "none" else f"+{kind}"
        entry |= {
            "mediaType": f"application/vnd.oci.image.layer.v1.tar{suffix}",
            "digest": sha256(blob),
            "size": len(blob),
        }
    content = json.dumps(manifest).encode()
    return GeneratedImage(content, image.media_type, image.config, blobs, image.diffs, image.os, image.architecture)


class TestDocker:
    def test_loads_it_under_its_name_with_its_id_twice(
        self, tar: Path, dockerd: Dockerd, pushed_image: PushedImage
    ) -> None:
        for _ in range(2):
            assert "Loaded image: team/app:1.4" in dockerd.load(tar)
            assert dockerd.image_id("team/app:1.4") == pushed_image.image_id
            assert dockerd.image_ids() == [pushed_image.image_id]

    def test_sees_the_files_that_the_original_has(self, tar: Path, dockerd: Dockerd, pushed_image: PushedImage) -> None:
        dockerd.load(tar)
        loaded = dockerd.export("team/app:1.4")
        dockerd.remove_all()
        dockerd.pull(pushed_image.reference)
        assert members_and_modes(loaded) == members_and_modes(dockerd.export(pushed_image.reference))

    def test_loads_it_from_a_pipe(self, download: Path, dockerd: Dockerd, pushed_image: PushedImage) -> None:
        writer = subprocess.Popen(
            command("to-docker-tar", download.parents[2], "-o", "-"), stdout=subprocess.PIPE, env=environment()
        )
        assert writer.stdout
        with writer.stdout as stream:
            assert "Loaded image: team/app:1.4" in dockerd.load(stream)
        assert writer.wait(60) == 0
        assert dockerd.image_ids() == [pushed_image.image_id]

    def test_loads_it_without_a_name(
        self, download: Path, dockerd: Dockerd, pushed_image: PushedImage, tmp_path: Path
    ) -> None:
        result = blobfix("to-docker-tar", download, "-o", tmp_path / "image.tar")
        assert result.code == 0
        assert "without a name" in result.text
        assert pushed_image.image_id in dockerd.load(tmp_path / "image.tar")
        assert dockerd.image_ids() == [pushed_image.image_id]
        assert dockerd.inspect(pushed_image.image_id)["RepoTags"] == []

    def test_loads_it_under_another_name_and_host(
        self, download: Path, dockerd: Dockerd, pushed_image: PushedImage, tmp_path: Path
    ) -> None:
        name = "registry.example:5000/other/name:7"
        assert blobfix("to-docker-tar", download, "-o", tmp_path / "image.tar", "--name", name).code == 0
        assert f"Loaded image: {name}" in dockerd.load(tmp_path / "image.tar")
        assert dockerd.image_id(name) == pushed_image.image_id

    def test_a_gunzipped_layer_keeps_the_image_id(
        self, download: Path, dockerd: Dockerd, pushed_image: PushedImage, tmp_path: Path
    ) -> None:
        layers = json.loads((download / "manifest.json").read_bytes())["layers"]
        damage.gunzip_in_place(download / layers[0]["digest"].replace(":", "__"))
        before = snapshot(download, times=True)
        assert blobfix("to-docker-tar", download.parents[2], "-o", tmp_path / "image.tar").code == 0
        dockerd.load(tmp_path / "image.tar")
        assert dockerd.image_id("team/app:1.4") == pushed_image.image_id
        assert snapshot(download, times=True) == before

    def test_all_layers_gunzipped_and_renamed_keep_it_too(
        self, download: Path, dockerd: Dockerd, podman: Podman, pushed_image: PushedImage, tmp_path: Path
    ) -> None:
        layers = json.loads((download / "manifest.json").read_bytes())["layers"]
        for number, layer in enumerate(layers):
            path = damage.gunzip_in_place(download / layer["digest"].replace(":", "__"))
            damage.rename(path, f"layer{number}.tar")
        assert blobfix("to-docker-tar", download.parents[2], "-o", tmp_path / "image.tar").code == 0
        dockerd.load(tmp_path / "image.tar")
        assert dockerd.image_id("team/app:1.4") == pushed_image.image_id
        podman.load(tmp_path / "image.tar")
        assert f"sha256:{pushed_image.image_id.partition(':')[2]}" in podman.image_ids()


def members_and_modes(archive: bytes) -> dict[str, tuple[int, str]]:
    """What a container would see: each path with its mode and its content's digest."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        return {
            entry.name: (entry.mode, sha256(opened.extractfile(entry).read()) if entry.isfile() else entry.linkname)  # type: ignore[union-attr]
            for entry in opened.getmembers()
        }


class TestOthers:
    def test_podman_loads_it(self, tar: Path, podman: Podman, pushed_image: PushedImage) -> None:
        assert "team/app:1.4" in podman.load(tar)
        assert podman.image_id("docker.io/team/app:1.4") == pushed_image.image_id

    @pytest.mark.parametrize("transport", ["docker-archive", "oci-archive"])
    def test_skopeo_copies_it_with_the_original_config(
        self, tar: Path, skopeo: Skopeo, transport: str, pushed_image: PushedImage, tmp_path: Path
    ) -> None:
        skopeo.copy(f"{transport}:{tar}", f"dir:{tmp_path / 'dir'}")
        manifest = (tmp_path / "dir" / "manifest.json").read_bytes()
        assert json.loads(manifest)["config"]["digest"] == pushed_image.image_id
        if transport == "oci-archive":
            assert sha256(manifest) == pushed_image.manifest_digest

    def test_the_original_manifest_and_blobs_are_in_it(
        self, tar: Path, docker_registry: DockerRegistry, pushed_image: PushedImage
    ) -> None:
        files = members(tar.read_bytes())
        blobs = {name: content for name, content in files.items() if name.startswith("blobs/")}
        assert set(files) - set(blobs) == {"index.json", "manifest.json", "oci-layout"}
        assert all(name == f"blobs/sha256/{hashlib.sha256(content).hexdigest()}" for name, content in blobs.items())
        (entry,) = json.loads(files["index.json"])["manifests"]
        assert entry["digest"] == pushed_image.manifest_digest
        assert files[f"blobs/{entry['digest'].replace(':', '/')}"] == docker_registry.manifest("team/app", "1.4")
        assert entry["annotations"] == {
            "io.containerd.image.name": "docker.io/team/app:1.4",
            "org.opencontainers.image.ref.name": "1.4",
        }
        assert json.loads(files["manifest.json"])[0]["RepoTags"] == ["docker.io/team/app:1.4"]


class TestBytes:
    def test_are_the_same_each_time_in_a_file_and_in_a_pipe(self, tar: Path, download: Path, tmp_path: Path) -> None:
        again = tmp_path / "again.tar"
        assert blobfix("to-docker-tar", download.parents[2], "-o", again, "-j", "1").code == 0
        piped = blobfix("to-docker-tar", download.parents[2], "-o", "-")
        assert again.read_bytes() == tar.read_bytes() == piped.stdout
        assert "docker load" not in piped.stdout.decode("latin-1")

    def test_are_the_same_when_files_have_other_names(self, tar: Path, download: Path, tmp_path: Path) -> None:
        for number, path in enumerate(sorted(download.glob("sha256__*"))):
            damage.rename(path, f"{99 - number} (1).bin")
        assert blobfix("to-docker-tar", download.parents[2], "-o", tmp_path / "again.tar").code == 0
        assert (tmp_path / "again.tar").read_bytes() == tar.read_bytes()

    def test_replace_an_older_file_at_once(self, tar: Path, download: Path) -> None:
        expected = tar.read_bytes()
        tar.write_bytes(b"an older one")
        assert blobfix("to-docker-tar", download.parents[2], "-o", tar).code == 0
        assert tar.read_bytes() == expected
        assert leftovers(tar.parent) == []

    def test_of_large_layers_are_the_same_on_both_ways(self, large_image: GeneratedImage, tmp_path: Path) -> None:
        folder = write_artifactory_folder(large_image, tmp_path / "in")
        assert blobfix("to-docker-tar", folder, "-o", tmp_path / "image.tar").code == 0
        written = (tmp_path / "image.tar").read_bytes()
        assert blobfix("to-docker-tar", folder, "-o", "-").stdout == written
        files = members(written)
        assert {name: files[name] for name in files if name.startswith("blobs/")} == {
            f"blobs/sha256/{digest.hex}": content
            for digest, content in (
                *large_image.blobs.items(),
                (large_image.manifest_digest, large_image.manifest),
            )
        }


class TestCompressions:
    @pytest.mark.parametrize("kind", ["zstd", "none", "gzip"])
    def test_oci_images_load_everywhere(
        self,
        oci_download: Callable[[str, Path], Path],
        kind: str,
        dockerd: Dockerd,
        podman: Podman,
        skopeo: Skopeo,
        tmp_path: Path,
    ) -> None:
        folder = oci_download(kind, tmp_path / "in")
        image_id = json.loads((folder / "manifest.json").read_bytes())["config"]["digest"]
        target = tmp_path / "image.tar"
        assert blobfix("to-docker-tar", folder, "-o", target, "-n", "oci/app:1").code == 0
        dockerd.load(target)
        podman.load(target)
        skopeo.copy(f"docker-archive:{target}", f"dir:{tmp_path / 'dir'}")
        copied = json.loads((tmp_path / "dir" / "manifest.json").read_bytes())
        assert dockerd.image_id("oci/app:1") == image_id
        assert podman.image_id("docker.io/oci/app:1") == image_id
        assert copied["config"]["digest"] == image_id

    def test_a_mix_of_them_loads_everywhere(
        self, dockerd: Dockerd, podman: Podman, skopeo: Skopeo, tmp_path: Path
    ) -> None:
        image = mixed_image()
        folder = write_artifactory_folder(image, tmp_path / "in")
        target = tmp_path / "image.tar"
        assert blobfix("to-docker-tar", folder, "-o", target, "-n", "mixed/app:1").code == 0
        dockerd.load(target)
        podman.load(target)
        skopeo.copy(f"oci-archive:{target}", f"dir:{tmp_path / 'dir'}")
        assert dockerd.image_id("mixed/app:1") == str(image.image_id)
        assert podman.image_id("docker.io/mixed/app:1") == str(image.image_id)
        assert (tmp_path / "dir" / "manifest.json").read_bytes() == image.manifest


def without(*names: str) -> Callable[[dict[str, Any]], object]:
    return lambda config: [config.pop(name) for name in names]


def renamed_system(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda config: config.update(os=name)


class TestConfigs:
    """What docker wants of a config is less than the specifications do, and scan promises what docker does."""

    @pytest.mark.parametrize(
        "edit",
        [
            without("os"),
            without("architecture"),
            without("os", "architecture", "config", "history"),
            renamed_system(""),
            lambda config: config.update(architecture=None, os=None),
            lambda config: config["rootfs"].pop("type"),
            lambda config: config["rootfs"].update(type="of another kind"),
            lambda config: config.update(history=[{"empty_layer": True}] * 9),
        ],
    )
    @pytest.mark.parametrize("is_saved", [False, True])
    def test_that_docker_loads(
        self, edit: Callable[[dict[str, Any]], object], is_saved: bool, dockerd: Dockerd, tmp_path: Path
    ) -> None:
        image, target = self.edited(edit), tmp_path / "image.tar"
        source = self.written(image, tmp_path / "in", is_saved=is_saved)
        assert scan(source).image["outputs"]["docker-tar"] == "exact"
        assert blobfix("to-docker-tar", source, "-o", target, "-n", "team/odd:1").code == 0
        dockerd.load(target)
        assert dockerd.image_id("team/odd:1") == str(image.image_id)

    @pytest.mark.parametrize(
        "edit",
        [
            renamed_system("windows"),
            renamed_system("plan9"),
            renamed_system("Linux"),
            lambda config: config.update(os="unknown", architecture="unknown"),
            lambda config: config.update(history=[{}] * 9),
            lambda config: config["rootfs"].pop("diff_ids"),
            lambda config: config.update(architecture=5),
            without("rootfs"),
        ],
    )
    def test_that_docker_refuses(self, edit: Callable[[dict[str, Any]], object], tmp_path: Path) -> None:
        image, target = self.edited(edit), tmp_path / "image.tar"
        source = self.written(image, tmp_path / "in", is_saved=False)
        assert scan(source).image["outputs"]["docker-tar"] == "none"
        assert blobfix("to-docker-tar", source, "-o", target).code == 4
        assert not target.exists()
        # A daemon of its own, since some of these end it.
        with Dockerd() as dockerd, pytest.raises(ProgramError):
            dockerd.load(self.written(image, tmp_path / "saved", is_saved=True))

    def edited(self, edit: Callable[[dict[str, Any]], object]) -> GeneratedImage:
        image = make_image(sample_layers("odd", 5_000))
        config = image.config_value()
        edit(config)
        return image.with_config(as_json(config))

    def written(self, image: GeneratedImage, place: Path, *, is_saved: bool) -> Path:
        """As a folder of Artifactory, or as ``docker save`` of old writes it."""
        if not is_saved:
            return write_artifactory_folder(image, place)
        names = [f"{number}/layer.tar" for number in range(len(image.diffs))]
        entry = {"Config": "config.json", "RepoTags": ["team/odd:1"], "Layers": names}
        contents = {"config.json": image.config, "manifest.json": json.dumps([entry]).encode()}
        place.write_bytes(tar_of(contents | dict(zip(names, image.diffs, strict=True))))
        return place


class TestLayersThatAreNotWhatTheConfigSays:
    @pytest.mark.parametrize("is_cut", [False, True])
    def test_docker_refuses_what_is_not_written(
        self, is_cut: bool, dockerd: Dockerd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        image = make_image(sample_layers("contradicting", 20_000))
        manifest, config = json.loads(image.manifest), json.loads(image.config)
        layers = image.layers
        if is_cut:
            layers = (*layers[:-1], layers[-1][:-20])
            manifest["layers"][-1] |= {"digest": sha256(layers[-1]), "size": len(layers[-1])}
        else:
            config["rootfs"]["diff_ids"].reverse()
        content = json.dumps(config).encode()
        manifest["config"] |= {"digest": sha256(content), "size": len(content)}
        image = replace(image, manifest=json.dumps(manifest).encode(), config=content, layers=layers)
        folder, target = write_artifactory_folder(image, tmp_path / "in"), tmp_path / "image.tar"
        assert blobfix("to-docker-tar", folder, "-o", target).code == 4
        assert not target.exists()
        # As if the layers were too large to be unpacked without --deep.
        monkeypatch.setattr("importer.recovery.layer_contents.ALWAYS_UNPACKED", 0)
        assert run("to-docker-tar", folder, "-o", target).code == 0
        with pytest.raises(ProgramError, match=r"(?i)invalid diffid|wrong diff id|unexpected EOF|incomplete deflate"):
            dockerd.load(target)
