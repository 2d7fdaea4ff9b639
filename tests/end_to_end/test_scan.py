"""``blobfix scan`` on a download of an image that docker built and pushed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from importer.formats.schema_validation import SchemaName, violations
from tests.blobfix import blobfix, scan, snapshot
from tests.images.built import PushedImage


@pytest.fixture
def downloads(download: Path) -> Path:
    """The folder to scan: ``team/app/1.4`` lies below it."""
    return download.parents[2]


def test_a_clean_folder_is_intact_and_identified(downloads: Path, pushed_image: PushedImage) -> None:
    before = snapshot(downloads, times=True)
    report = scan(downloads, code=0)
    (image,) = report["images"]
    assert image["name"] == "team/app:1.4"
    assert image["status"] == "intact"
    assert image["manifest_digest"] == pushed_image.manifest_digest
    assert image["image_id"] == pushed_image.image_id
    assert image["platform"] == "linux/amd64"
    assert image["outputs"] == {"registry-tree": "exact", "docker-tar": "exact", "oci-layout": "exact"}
    assert {blob["status"] for blob in image["blobs"]} == {"ok"}
    assert [blob["role"] for blob in image["blobs"]] == ["manifest", "config", "layer", "layer", "layer"]
    assert all(entry["used"] for entry in report["files"])
    assert report["downloads"] == []
    assert [finding for finding in report["findings"] if finding["severity"] != "info"] == []
    assert violations(report, SchemaName.SCAN_REPORT) == ()
    assert snapshot(downloads, times=True) == before


def test_deep_finds_nothing_wrong_either(downloads: Path) -> None:
    report = scan(downloads, "--deep", code=0)
    assert report["images"][0]["status"] == "intact"
    assert [finding for finding in report["findings"] if finding["severity"] != "info"] == []


def test_the_current_folder_is_the_default(downloads: Path, pushed_image: PushedImage) -> None:
    result = blobfix("scan", "--format", "json", cwd=downloads)
    assert result.json["images"][0]["manifest_digest"] == pushed_image.manifest_digest


def test_the_text_names_what_a_person_wants_to_know(downloads: Path, pushed_image: PushedImage) -> None:
    result = blobfix("scan", downloads)
    assert result.code == 0
    assert "intact" in result.text
    assert "team/app:1.4" in result.text
    assert pushed_image.manifest_digest in result.text
    assert pushed_image.image_id in result.text
    assert "\x1b" not in result.text


@pytest.mark.parametrize("kind", ["gzip", "zstd", "none"])
def test_oci_images_are_intact(
    oci_download: Callable[[str, Path], Path], kind: str, pushed_image: PushedImage, tmp_path: Path
) -> None:
    folder = oci_download(kind, tmp_path / "in")
    (image,) = scan(folder, "--deep", code=0)["images"]
    layers = json.loads((folder / "manifest.json").read_bytes())["layers"]
    assert image["media_type"] == "application/vnd.oci.image.manifest.v1+json"
    assert [blob["digest"] for blob in image["blobs"] if blob["role"] == "layer"] == [one["digest"] for one in layers]
