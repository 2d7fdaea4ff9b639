"""Images whose blobs are wanted by sha512: the OCI image-spec allows it, and Artifactory names them ``sha512__``."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.domain.digest import Digest
from tests import damage
from tests.images.content import sample_layers, strange
from tests.images.generated import GeneratedImage, make_image
from tests.in_process import run, scan


def by_sha512(image: GeneratedImage) -> GeneratedImage:
    value = image.manifest_value()
    for entry, content in zip(value["layers"], image.layers, strict=True):
        entry["digest"] = str(Digest.of(content, "sha512"))
    return image.with_manifest(value)


IMAGE = by_sha512(make_image(sample_layers("sha512", 30_000), docker=False, pack=strange))


@pytest.fixture(params=["sha512__{}", "sha512-{}", "{} (1).gz", "layer {:.4}"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "download"
    folder.mkdir()
    (folder / "manifest.json").write_bytes(IMAGE.manifest)
    (folder / IMAGE.image_id.file_name).write_bytes(IMAGE.config)
    for layer in IMAGE.layers:
        (folder / request.param.format(Digest.of(layer, "sha512").hex)).write_bytes(layer)
    return folder


def test_the_layers_are_found_whatever_they_are_called(folder: Path, tmp_path: Path) -> None:
    seen = scan(folder)
    assert seen.report["images"][0]["status"] == "intact"
    assert seen.codes("error", "warning") == []
    assert run("to-oci-layout", folder, "-n", "app:1", "-o", tmp_path / "layout", "-q").code == 0
    written = sorted(path.read_bytes() for path in (tmp_path / "layout" / "blobs" / "sha512").iterdir())
    assert written == sorted(IMAGE.layers)


def test_a_damaged_one_is_mended(folder: Path) -> None:
    damage.prepend(next(path for path in folder.iterdir() if path.read_bytes() == IMAGE.layers[0]))
    seen = scan(folder)
    assert seen.report["images"][0]["outputs"]["oci-layout"] == "exact"
    assert seen.codes("error", "warning") == ["BF205"]
