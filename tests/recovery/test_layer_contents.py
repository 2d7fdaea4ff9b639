"""Layers that aren't what their config says: docker refuses the image, and so scan and to-docker-tar do."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.images.content import sample_layers
from tests.images.generated import (
    GeneratedImage,
    make_image,
    make_index,
    write_artifactory_folder,
    write_artifactory_index,
)
from tests.in_process import run, scan

ALWAYS_UNPACKED = "importer.recovery.layer_contents.ALWAYS_UNPACKED"


def with_config(image: GeneratedImage, config: dict[str, Any], layers: Sequence[bytes] = ()) -> GeneratedImage:
    """The image with another config, and other layers, and a manifest that names them rightly."""
    changed = replace(image, config=json.dumps(config).encode(), layers=tuple(layers) or image.layers)
    manifest = json.loads(image.manifest)
    manifest["config"] |= {"digest": str(changed.image_id), "size": len(changed.config)}
    for entry, layer, digest in zip(manifest["layers"], changed.layers, changed.layer_digests, strict=True):
        entry |= {"digest": str(digest), "size": len(layer)}
    return replace(changed, manifest=json.dumps(manifest, indent=3).encode())


def swapped(image: GeneratedImage) -> GeneratedImage:
    """The image with its diff_ids in the wrong order, as programs leave it that put manifests together by hand."""
    config = json.loads(image.config)
    config["rootfs"]["diff_ids"].reverse()
    return with_config(image, config)


def cut(image: GeneratedImage) -> GeneratedImage:
    """The image as somebody pushed it whose last layer was cut short before."""
    *others, last = image.layers
    return with_config(image, json.loads(image.config), [*others, last[: len(last) // 2]])


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
        config = json.loads(GZIP.config)
        config["rootfs"]["diff_ids"][1] = str(SOUND.diff_ids[0])
        image = with_config(GZIP, config)
        folder = folder_of(image, tmp_path / "in")
        layer = folder / "team/app/1.4" / image.layer_digests[0].file_name
        layer.write_bytes(gzip.decompress(layer.read_bytes()))
        assert promised(folder, "--no-recompress")[0] == ["none"]
        assert run("to-docker-tar", folder, "-o", tmp_path / "image.tar", "--no-recompress").code == 4


def test_the_smallest_layers_are_looked_into_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = make_image([{"a": b"a" * 100}, *sample_layers("contents", 200_000)])
    config = json.loads(small.config)
    config["rootfs"]["diff_ids"][0] = str(SOUND.diff_ids[0])
    folder = folder_of(with_config(small, config), tmp_path / "in")
    monkeypatch.setattr(ALWAYS_UNPACKED, min(map(len, small.layers)))
    assert promised(folder) == (["none"], ["BF403"])
