"""What a scan is asked about: one image among several, under a name, for a platform."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.blobfix import blobfix
from tests.images.content import sample_layers
from tests.images.generated import (
    GeneratedImage,
    make_image,
    make_index,
    write_artifactory_folder,
    write_artifactory_index,
)

WHOLE = make_image(sample_layers("whole", 3000))
BROKEN = make_image(sample_layers("broken", 3000))
PLATFORMS = [make_image(sample_layers(arch, 3000), architecture=arch) for arch in ("arm64", "s390x")]
INDEX = make_index(PLATFORMS)


@pytest.fixture
def two(tmp_path: Path) -> Path:
    write_artifactory_folder(WHOLE, tmp_path / "team" / "whole" / "1")
    (write_artifactory_folder(BROKEN, tmp_path / "team" / "broken" / "1") / BROKEN.layer_digests[0].file_name).unlink()
    return tmp_path


@pytest.mark.parametrize("select", ["team/whole:1", "team/whole", str(WHOLE.manifest_digest), WHOLE.image_id.hex[:12]])
def test_a_selected_image_stands_alone(two: Path, select: str) -> None:
    result = blobfix("scan", two, "--format", "json", "--select", select)
    assert result.code == 0
    assert [image["name"] for image in result.json["images"]] == ["team/whole:1"]
    assert result.json["summary"]["images"] == 1
    assert result.json["downloads"] == []
    assert [finding for finding in result.json["findings"] if finding["severity"] == "error"] == []
    assert all(file["used"] for file in result.json["files"] if "whole" in file["path"])
    assert not [finding for finding in result.json["findings"] if finding["rule"] == "unrelated-file"]


def test_all_of_them_are_judged_otherwise(two: Path) -> None:
    assert blobfix("scan", two).code == 4
    assert blobfix("scan", two, "--select", "team/broken").code == 4


def test_a_choice_that_fits_nothing(two: Path) -> None:
    result = blobfix("scan", two, "--select", "team/other")
    assert result.code == 2
    assert "no image here is called team/other; there are" in result.stderr


def test_a_name_fits_one_image(two: Path) -> None:
    result = blobfix("scan", two, "--format", "json", "--select", "team/whole", "-n", "mine/app:2")
    assert [image["name"] for image in result.json["images"]] == ["mine/app:2"]
    result = blobfix("scan", two, "--name", "mine/app:2")
    assert result.code == 2
    assert "--name names one image, and there are 2" in result.stderr


def test_nothing_to_choose_from_is_no_image(tmp_path: Path) -> None:
    assert blobfix("scan", tmp_path, "--select", "team/app", "-n", "a/b").code == 3


def test_a_platform_that_the_image_is_not_for(two: Path, tmp_path: Path) -> None:
    for command in (["scan"], ["to-docker-tar", "-o", tmp_path.parent / "image.tar"]):
        result = blobfix(*command, two, "--select", "team/whole:1", "--platform", "linux/arm64")
        assert result.code == 2
        assert "team/whole:1 is for linux/amd64, not for linux/arm64" in result.stderr


@pytest.mark.parametrize(("platform", "wanted"), [("linux/arm64", PLATFORMS[0]), ("linux/s390x", PLATFORMS[1])])
def test_a_platform_says_which_child_docker_gets(tmp_path: Path, platform: str, wanted: GeneratedImage) -> None:
    place = tmp_path / "in"
    write_artifactory_index(INDEX, place / "team" / "multi" / "1")
    for layer in PLATFORMS[1].layer_digests:
        for file in place.rglob(layer.file_name):
            file.unlink()
    result = blobfix("scan", place, "--format", "json", "--platform", platform)
    index = next(image for image in result.json["images"] if image["kind"] == "index")
    assert index["outputs"]["docker-tar"] == ("exact" if wanted is PLATFORMS[0] else "none")
    written = blobfix("to-docker-tar", place, "--platform", platform, "-o", tmp_path / "out.tar")
    assert (written.code == 0) is (index["outputs"]["docker-tar"] == "exact")
