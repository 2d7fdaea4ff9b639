"""One platform of several, and one image of an index by its digest."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from importer.domain.platform import Platform
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, make_image, make_index, write_artifactory_index
from tests.in_process import run, scan

VERSIONS = ("10.0.17763.5458", "10.0.20348.2322")


def build_of(version: str) -> GeneratedImage:
    """An image for Windows whose config says the version."""
    image = make_image(sample_layers(version, 900), os="windows", docker=False)
    return image.with_config(json.dumps({**image.config_value(), "os.version": version}).encode())


BUILDS = tuple(map(build_of, VERSIONS))


@pytest.fixture
def windows(tmp_path: Path) -> Path:
    """An index with two builds of windows/amd64, as Artifactory shows it."""
    made = make_index(BUILDS, docker=False)
    value = json.loads(made.manifest)
    for entry, version in zip(value["manifests"], VERSIONS, strict=True):
        entry["platform"]["os.version"] = version
    write_artifactory_index(replace(made, manifest=json.dumps(value).encode()), tmp_path / "in" / "team" / "app" / "1")
    return tmp_path / "in"


def tag_of(tree: Path) -> str:
    (link,) = tree.rglob("current/link")
    return link.read_text()


class TestTwoBuildsOfWindows:
    def test_none_is_picked_in_silence(self, windows: Path, tmp_path: Path) -> None:
        outcome = run("to-registry-tree", windows, "-o", tmp_path / "tree", "--platform", "windows/amd64")
        assert outcome.code == 2
        for build, version in zip(BUILDS, VERSIONS, strict=True):
            assert f"windows/amd64:{version} ({build.manifest_digest})" in outcome.output
        assert not (tmp_path / "tree").exists()

    def test_scan_says_so_too(self, windows: Path, tmp_path: Path) -> None:
        seen = run("scan", windows, "--platform", "windows/amd64")
        for command in ("to-registry-tree", "to-docker-tar", "to-oci-layout"):
            written = run(command, windows, "-o", tmp_path / command, "--platform", "windows/amd64")
            assert (seen.code, seen.output) == (2, written.output)
        assert scan(windows, "--platform", f"windows/amd64:{VERSIONS[0]}").code == 0

    def test_the_missing_one_is_told_by_its_version(self, windows: Path) -> None:
        missing = BUILDS[1].manifest_digest
        shutil.rmtree(windows / "team" / "app" / missing.file_name)
        assert f"windows/amd64:{VERSIONS[1]}, and that image isn't here" in run("scan", windows).output
        for text in (str(missing), missing.short, missing.hex[:12]):
            outcome = run("scan", windows, "--select", text)
            assert outcome.code == 2
            assert f"{text} is child 2 of 2 · windows/amd64 · team/app:1, whose manifest isn't here" in outcome.output
        layer = str(BUILDS[0].layer_digests[0])
        assert "no image of its own" in run("scan", windows, "--select", layer).output

    @pytest.mark.parametrize("form", ["windows/amd64:{}", "windows({})/amd64"])
    @pytest.mark.parametrize("number", [0, 1])
    def test_the_version_chooses(self, form: str, number: int, windows: Path, tmp_path: Path) -> None:
        for version in (VERSIONS[number], VERSIONS[number].rpartition(".")[0]):
            outcome = run("to-registry-tree", windows, "-o", tmp_path / version, "--platform", form.format(version))
            assert outcome.code == 0
            assert tag_of(tmp_path / version) == str(BUILDS[number].manifest_digest)

    def test_a_version_that_isnt_there_is_said(self, windows: Path, tmp_path: Path) -> None:
        outcome = run("to-registry-tree", windows, "-o", tmp_path / "tree", "--platform", "windows/amd64:10.0.1")
        assert outcome.code == 4
        assert "has no image for windows/amd64:10.0.1 here" in outcome.output

    @pytest.mark.parametrize("form", ["{0}", "{0.hex}", "{0.file_name}", "{0.short}"])
    @pytest.mark.parametrize("number", [0, 1])
    def test_select_takes_either_by_its_digest(self, form: str, number: int, windows: Path, tmp_path: Path) -> None:
        for digest in (BUILDS[number].manifest_digest, BUILDS[number].image_id):
            target = tmp_path / digest.hex
            assert run("to-registry-tree", windows, "-o", target, "--select", form.format(digest)).code == 0
            assert tag_of(target) == str(BUILDS[number].manifest_digest)
        assert run("scan", windows, "--select", form.format(BUILDS[number].manifest_digest)).code == 0


class TestScanOfOnePlatform:
    """What scan says of a platform is what the writers do with it, whatever the others are like."""

    @pytest.fixture
    def place(self, tmp_path: Path) -> Path:
        """An index of three platforms: whole, not here, and without a layer."""
        images = [make_image([{"etc/arch": arch.encode()}], architecture=arch) for arch in ("amd64", "arm64", "s390x")]
        folder = write_artifactory_index(make_index(images), tmp_path / "in" / "team" / "multi" / "1")
        shutil.rmtree(tmp_path / "in" / "team" / "multi" / images[1].manifest_digest.file_name)
        (layer,) = folder.parent.rglob(images[2].layer_digests[0].file_name)
        layer.unlink()
        return tmp_path / "in"

    @pytest.mark.parametrize(
        ("platform", "code", "downloads"),
        [("linux/amd64", 0, 0), ("linux/arm64", 4, 1), ("linux/s390x", 4, 1), ("windows/amd64", 4, 0)],
    )
    def test_it_is_judged_alone(self, platform: str, code: int, downloads: int, place: Path, tmp_path: Path) -> None:
        seen = scan(place, "--platform", platform)
        assert (seen.code, len(seen.report["downloads"])) == (code, downloads)
        index = next(image for image in seen.report["images"] if image["kind"] == "index")
        for command in ("to-registry-tree", "to-docker-tar", "to-oci-layout"):
            written = run(command, place, "-o", tmp_path / command, "--platform", platform)
            assert written.code == code
            promised = index["outputs"][command.removeprefix("to-")]
            assert promised == ("exact" if written.code == 0 else "none")


def test_a_docker_tar_of_a_selected_child_names_nothing_else(tmp_path: Path) -> None:
    images = [make_image(sample_layers(a, 900), architecture=a, docker=False) for a in ("amd64", "arm64")]
    write_artifactory_index(make_index(images, docker=False), tmp_path / "in" / "team" / "app" / "1")
    arguments = ["--select", str(images[1].manifest_digest), "-o", str(tmp_path / "image.tar")]
    assert run("to-docker-tar", tmp_path / "in", *arguments).code == 0
    with tarfile.open(tmp_path / "image.tar") as tar:
        (entry,) = json.load(tar.extractfile("index.json") or io.BytesIO())["manifests"]
    assert entry["digest"] == str(images[1].manifest_digest)
    assert entry["annotations"]["io.containerd.image.name"] == "docker.io/team/app:1"


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("linux/amd64", Platform("linux", "amd64")),
        ("linux/arm/v7", Platform("linux", "arm", "v7")),
        ("windows/amd64:10.0", Platform("windows", "amd64", None, "10.0")),
        ("windows(10.0)/amd64", Platform("windows", "amd64", None, "10.0")),
    ],
)
def test_platforms_are_read(text: str, platform: Platform) -> None:
    assert Platform.parse(text) == platform


@pytest.mark.parametrize("text", ["linux", "linux/", "a/b/c/d", "windows(1)/amd64:2", "windows()/amd64", "a/b:"])
def test_other_texts_are_no_platform(text: str) -> None:
    with pytest.raises(ValueError, match="not a platform"):
        Platform.parse(text)


def test_a_version_is_matched_by_its_beginning_part_by_part() -> None:
    build = Platform("windows", "amd64", None, "10.0.20348.2322")
    assert build.matches(Platform("windows", "amd64", None, "10.0.20348"))
    assert not build.matches(Platform("windows", "amd64", None, "10.0.2034"))
    assert not Platform("windows", "amd64").matches(Platform("windows", "amd64", None, "10.0"))
