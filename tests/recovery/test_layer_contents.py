"""Layers that aren't what their config says: docker refuses the image, and so scan and to-docker-tar do."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from importer.domain.digest import Digest
from tests.images.content import sample_layers
from tests.images.generated import (
    GeneratedImage,
    as_json,
    make_image,
    make_index,
    write_artifactory_folder,
    write_artifactory_index,
)
from tests.in_process import run, scan

ALWAYS_UNPACKED = "importer.recovery.layer_contents.ALWAYS_UNPACKED"


def swapped(image: GeneratedImage) -> GeneratedImage:
    """The image with its diff_ids in the wrong order, as programs leave it that put manifests together by hand."""
    config = image.config_value()
    config["rootfs"]["diff_ids"].reverse()
    return image.with_config(as_json(config))


def cut(image: GeneratedImage) -> GeneratedImage:
    """The image as somebody pushed it whose last layer was cut short before."""
    *others, last = image.layers
    last = last[: len(last) // 2]
    value = image.manifest_value()
    value["layers"][-1] |= {"digest": str(Digest.of(last)), "size": len(last)}
    return replace(image.with_manifest(value), layers=(*others, last))


def with_diff_id(image: GeneratedImage, position: int, diff_id: Digest) -> GeneratedImage:
    """The image whose config says something else of one layer."""
    config = image.config_value()
    config["rootfs"]["diff_ids"][position] = str(diff_id)
    return image.with_config(as_json(config))


GZIP = make_image(sample_layers("contents", 20_000))
ZSTD = make_image(sample_layers("contents", 20_000), "zstd", docker=False)
SOUND = make_image(sample_layers("sound", 20_000))


def promised(folder: Path, *options: str) -> tuple[list[str], list[str]]:
    """What a scan promises of docker tars, and the codes of all its errors."""
    seen = scan(folder, *options)
    return [image["outputs"]["docker-tar"] for image in seen.report["images"]], seen.codes("error")


def folder_of(image: GeneratedImage, folder: Path, name: str = "team/app/1.4") -> Path:
    write_artifactory_folder(image, folder / name)
    return folder


@pytest.mark.parametrize("image", [swapped(GZIP), cut(GZIP), swapped(ZSTD), cut(ZSTD)])
@pytest.mark.parametrize("options", [[], ["--deep"]])
def test_no_docker_tar_is_promised_and_none_is_written(
    image: GeneratedImage, options: list[str], tmp_path: Path
) -> None:
    folder, target = folder_of(image, tmp_path / "in"), tmp_path / "image.tar"
    outputs, errors = promised(folder, *options)
    assert outputs == ["none"]
    assert set(errors) == {"BF403"}
    outcome = run("to-docker-tar", folder, "-o", target, *options)
    assert outcome.code == 4
    assert "doesn't hold what the config says, so docker refuses it" in outcome.output
    assert " ".join(["blobfix scan", *options, str(folder)]) in outcome.output
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_registries_keep_such_an_image(tmp_path: Path) -> None:
    folder = folder_of(swapped(GZIP), tmp_path / "in")
    (image,) = scan(folder).report["images"]
    assert (image["outputs"]["registry-tree"], image["outputs"]["oci-layout"]) == ("exact", "exact")
    assert run("to-registry-tree", folder, "-o", tmp_path / "tree").code == 0


def test_of_several_images_only_that_one_is_left_out(tmp_path: Path) -> None:
    folder = folder_of(SOUND, folder_of(swapped(GZIP), tmp_path / "in"), "team/sound/2.0")
    outputs, errors = promised(folder)
    assert sorted(outputs) == ["exact", "none"]
    assert set(errors) == {"BF403"}
    outcome = run("to-docker-tar", folder, "-o", tmp_path / "image.tar")
    assert outcome.code == 4
    assert "Not written: team/app:1.4 contradicts itself" in outcome.output
    assert scan(tmp_path / "image.tar").image["image_id"] == str(SOUND.image_id)


def test_of_an_index_only_that_platform_is_left_out(tmp_path: Path) -> None:
    bad = swapped(make_image(sample_layers("contents", 20_000), architecture="arm64"))
    index = make_index([SOUND, bad])
    write_artifactory_index(index, tmp_path / "in/team/app/1.4")
    outputs = {image["platform"]: image["outputs"]["docker-tar"] for image in scan(tmp_path / "in").report["images"]}
    assert outputs == {None: "exact", "linux/amd64": "exact", "linux/arm64": "none"}
    target = tmp_path / "image.tar"
    assert run("to-docker-tar", tmp_path / "in", "-o", target, "--platform", "linux/arm64").code == 4
    assert run("to-docker-tar", tmp_path / "in", "-o", target).code == 0


class TestLargeLayers:
    """Those whose unpacking would take long are unpacked where it is asked for, by scan and by the writer alike."""

    @pytest.fixture(autouse=True)
    def _all_are_large(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ALWAYS_UNPACKED, 0)

    @pytest.mark.parametrize("image", [swapped(GZIP), cut(GZIP)])
    def test_without_deep_neither_looks_and_with_it_both_refuse(self, image: GeneratedImage, tmp_path: Path) -> None:
        folder, target = folder_of(image, tmp_path / "in"), tmp_path / "image.tar"
        assert promised(folder) == (["exact"], [])
        assert run("to-docker-tar", folder, "-o", tmp_path / "unchecked.tar").code == 0
        outputs, errors = promised(folder, "--deep")
        assert outputs == ["none"]
        assert set(errors) == {"BF403"}
        assert run("to-docker-tar", "--deep", folder, "-o", target).code == 4
        assert not target.exists()

    @pytest.mark.parametrize("image", [swapped(ZSTD), cut(ZSTD)])
    def test_those_that_a_docker_tar_holds_unpacked_are_looked_into_anyway(
        self, image: GeneratedImage, tmp_path: Path
    ) -> None:
        folder, target = folder_of(image, tmp_path / "in"), tmp_path / "image.tar"
        assert promised(folder)[0] == ["none"]
        assert run("to-docker-tar", folder, "-o", target).code == 4
        assert not target.exists()

    def test_beside_one_that_is_here_only_unpacked_all_are_looked_into(self, tmp_path: Path) -> None:
        image = with_diff_id(GZIP, 1, SOUND.diff_ids[0])
        folder = folder_of(image, tmp_path / "in")
        layer = image.layer_path(folder / "team/app/1.4")
        layer.write_bytes(gzip.decompress(layer.read_bytes()))
        assert promised(folder, "--no-recompress")[0] == ["none"]
        assert run("to-docker-tar", folder, "-o", tmp_path / "image.tar", "--no-recompress").code == 4


def test_the_smallest_layers_are_looked_into_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = make_image([{"a": b"a" * 100}, *sample_layers("contents", 200_000)])
    folder = folder_of(with_diff_id(small, 0, SOUND.diff_ids[0]), tmp_path / "in")
    monkeypatch.setattr(ALWAYS_UNPACKED, min(map(len, small.layers)))
    assert promised(folder) == (["none"], ["BF403"])
