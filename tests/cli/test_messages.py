"""What the commands say: each refusal tells what to do, and names what was asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.blobfix import blobfix
from tests.images.generated import (
    GeneratedIndex,
    make_image,
    make_index,
    write_artifactory_folder,
    write_artifactory_index,
)

IMAGE = make_image([{"etc/motd": b"hello\n"}, {"srv/app": b"#!/bin/sh\n"}])
PLATFORMS = ("amd64", "arm64")
WRITERS = ("to-registry-tree", "to-docker-tar", "to-oci-layout", "to-build-context")


@pytest.fixture
def lacking(tmp_path: Path) -> Path:
    """An image of which a layer is missing."""
    folder = write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1")
    (folder / IMAGE.layer_digests[0].file_name).unlink()
    return tmp_path / "in"


@pytest.fixture(scope="module")
def index() -> GeneratedIndex:
    return make_index([make_image([{"etc/arch": arch.encode()}], architecture=arch) for arch in PLATFORMS])


@pytest.mark.parametrize("command", WRITERS)
def test_what_lacks_is_named_and_no_output_that_wasnt_asked_for(command: str, lacking: Path, tmp_path: Path) -> None:
    result = blobfix(command, lacking, "-o", tmp_path / "out")
    assert result.code == 4
    assert result.stderr == (
        f"blobfix: team/app:1: layer {IMAGE.layer_digests[0].short} is missing or damaged. "
        f"To see why, and what to download again: blobfix scan {lacking}\n"
    )


def test_an_image_without_a_name_is_told_by_its_digest_once(tmp_path: Path) -> None:
    folder = write_artifactory_folder(IMAGE, tmp_path / "in")
    result = blobfix("to-registry-tree", folder, "-o", tmp_path / "out")
    assert result.code == 2
    assert result.stderr.count(IMAGE.manifest_digest.short) == 1
    assert "--name team/app:1.4" in result.stderr


def test_what_a_damaged_image_needs_is_told_once_with_the_command_that_was_meant(tmp_path: Path) -> None:
    place = tmp_path / "with blanks"
    for tag in ("1", "2"):
        image = make_image([{"version": tag.encode()}])
        (write_artifactory_folder(image, place / "a" / tag) / image.layer_digests[0].file_name).unlink()
    write_artifactory_folder(IMAGE, place / "a" / "3")
    result = blobfix("to-docker-tar", place, "-o", tmp_path / "image.tar")
    assert result.code == 4
    assert result.stderr.count("Not written: ") == 2
    assert result.stderr.count("blobfix scan") == 1
    assert f"To see why, and what to download again: blobfix scan '{place}'\n" in result.stderr


def test_nobody_is_told_to_download_again_what_is_all_here(tmp_path: Path) -> None:
    """An image whose config contradicts its layers: docker can't load it, and nothing is missing."""
    config = IMAGE.config_value()
    config["rootfs"]["diff_ids"] = [str(digest) for digest in IMAGE.layer_digests]
    folder = write_artifactory_folder(IMAGE.with_config(json.dumps(config).encode()), tmp_path / "in")
    result = blobfix("to-docker-tar", folder, "-o", tmp_path / "image.tar")
    assert result.code == 4
    assert f"To see why: blobfix scan {folder}\n" in result.stderr


def test_one_of_several_nameless_images_is_not_sent_to_an_option_for_one(tmp_path: Path) -> None:
    for tag in ("1", "2"):
        write_artifactory_folder(make_image([{"version": tag.encode()}]), tmp_path / "in" / tag)
    result = blobfix("to-registry-tree", tmp_path / "in", "-o", tmp_path / "out")
    assert result.code == 2
    assert "--names FILE or --name-template" in result.stderr
    assert "--name team/app:1.4" not in result.stderr


def test_a_wrong_digest_is_not_answered_with_the_advice_to_give_one(tmp_path: Path) -> None:
    folder = write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1")
    result = blobfix(
        "to-registry-tree", folder, "-n", "a/b:1", "-o", tmp_path / "out", "--digest", "sha256:" + "1" * 64
    )
    assert result.code == 4
    assert "the one here has the wrong digest: download manifest.json again" in result.stderr
    assert "prove it with --digest" not in result.stderr


def test_what_is_written_without_the_digest_that_was_given_is_said_to_be_maybe_another_image(tmp_path: Path) -> None:
    folder = write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1")
    given = "sha256:" + "1" * 64
    result = blobfix("to-docker-tar", folder, "-o", tmp_path / "image.tar", "--digest", given)
    assert result.code == 0
    assert f"No manifest here has the digest that was given, {given}; the image being written may be" in result.stderr
    result = blobfix("to-docker-tar", folder, "-o", tmp_path / "x.tar", "--digest", str(IMAGE.manifest_digest))
    assert (result.code, result.stderr) == (0, "")


def test_a_rebuilt_config_is_said_to_start_nothing(tmp_path: Path) -> None:
    folder = write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1")
    (folder / IMAGE.image_id.file_name).unlink()
    result = blobfix("to-docker-tar", tmp_path / "in", "-o", tmp_path / "image.tar", "--salvage")
    assert result.code == 0
    assert "no start command, environment, user, ports or labels" in result.text


def test_an_altered_manifest_is_written_with_a_word_about_it(tmp_path: Path) -> None:
    folder = write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1")
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()), indent="\t", sort_keys=True))
    result = blobfix("to-registry-tree", tmp_path / "in", "-o", tmp_path / "out", "--allow-new-digest")
    assert result.code == 0
    assert "another program changed this manifest's text" in result.text


def test_no_file_is_replaced_that_is_no_archive(tmp_path: Path) -> None:
    folder = write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1")
    notes, names = tmp_path / "notes.txt", tmp_path / "names.csv"
    notes.write_text("mine")
    names.write_text(f"digest,name\n{IMAGE.manifest_digest},team/app:1\n")
    refused = blobfix("to-docker-tar", folder, "-o", notes)
    assert (refused.code, refused.stderr) == (
        2,
        f"blobfix: {notes}: already exists and is not a tar archive; remove it or give another name\n",
    )
    for command in ("to-docker-tar", "to-oci-layout"):
        target = names if command == "to-docker-tar" else names.rename(tmp_path / "names.tar")
        refused = blobfix(command, folder, "--names", target, "-o", target)
        assert (refused.code, "is the table of names" in refused.stderr) == (2, True)
    assert notes.read_text() == "mine"
    assert blobfix("to-docker-tar", folder, "-o", tmp_path / "image.tar").code == 0
    assert blobfix("to-docker-tar", folder, "-o", tmp_path / "image.tar").code == 0


def test_a_manifest_that_is_none_is_said_to_be_here(tmp_path: Path) -> None:
    folder = write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1")
    value = json.loads((folder / "manifest.json").read_text()) | {"layers": "none"}
    (folder / "manifest.json").write_text(json.dumps(value))
    result = blobfix("to-registry-tree", tmp_path / "in", "-o", tmp_path / "out", "-n", "a/b:1")
    assert result.code == 4
    assert "the one here isn't a readable manifest: download manifest.json again" in result.stderr


def test_a_path_with_a_colon_gets_commands_that_take_it(tmp_path: Path) -> None:
    folder = write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1")
    tree = blobfix("to-registry-tree", folder, "-n", "a/b:1", "-o", tmp_path / "x:y")
    assert f"--mount type=bind,source={tmp_path / 'x:y'},target=/var/lib/registry registry:2" in tree.text
    layout = blobfix("to-oci-layout", folder, "-n", "a/b:1", "-o", tmp_path / "v:w")
    assert "skopeo doesn't accept a colon in a path: first rename it" in layout.text
    assert f"oci:{tmp_path / 'v_w'} " in layout.text


def test_a_build_context_of_several_images_lists_them(tmp_path: Path) -> None:
    for tag in ("1", "2"):
        write_artifactory_folder(make_image([{"version": tag.encode()}]), tmp_path / "in" / "team" / "app" / tag)
    result = blobfix("to-build-context", tmp_path / "in", "-o", tmp_path / "out")
    assert result.code == 2
    assert "there are 2: team/app:1, team/app:2; choose one with --select" in result.stderr


class TestIndex:
    @pytest.mark.parametrize("command", WRITERS)
    def test_without_any_platform_sends_to_the_scan(self, command: str, index: GeneratedIndex, tmp_path: Path) -> None:
        folder = tmp_path / "in"
        folder.mkdir()
        (folder / "list.manifest.json").write_bytes(index.manifest)
        result = blobfix(command, folder, "-n", "a/b:1", "-o", tmp_path / "out")
        assert result.code == 4
        assert "whole: no platform; missing or damaged: linux/amd64, linux/arm64" in result.stderr
        assert f"download again: blobfix scan {folder}\n" in result.stderr
        assert "--sparse" not in result.stderr

    def test_says_which_platform_a_docker_tar_has(self, index: GeneratedIndex, tmp_path: Path) -> None:
        write_artifactory_index(index, tmp_path / "in" / "team" / "multi" / "2")
        for arch, other in (PLATFORMS, PLATFORMS[::-1]):
            asked = ("--platform", f"linux/{arch}")
            result = blobfix("to-docker-tar", tmp_path / "in", "-o", tmp_path / "image.tar", *asked)
            assert f"  platform linux/{arch}  (also here: linux/{other}; choose with --platform)\n" in result.text

    def test_says_it_of_the_only_platform_too(self, index: GeneratedIndex, tmp_path: Path) -> None:
        write_artifactory_index(index, tmp_path / "in" / "team" / "multi" / "2")
        for path in (tmp_path / "in" / "team" / "multi" / index.children[0].manifest_digest.file_name).iterdir():
            path.unlink()
        result = blobfix("to-docker-tar", tmp_path / "in", "-o", tmp_path / "image.tar")
        assert "  platform linux/arm64\n" in result.text


class TestHelp:
    def test_the_list_of_commands_is_whole_and_has_examples(self) -> None:
        text = blobfix("--help", variables={"COLUMNS": "80"}).text
        commands = text.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
        assert len(commands) >= 15
        assert all(line.endswith(".") and not line.endswith("...") for line in commands)
        assert "Examples:\n    blobfix ./downloads\n" in text

    @pytest.mark.parametrize("command", ["scan", "push", "serve", *WRITERS])
    def test_shows_that_several_places_can_be_given(self, command: str) -> None:
        usage = blobfix(command, "--help").text.splitlines()[0]
        assert f" {command} [OPTIONS] [PATH]..." in usage


def test_push_takes_this_folder_when_no_other_is_named(tmp_path: Path) -> None:
    write_artifactory_folder(IMAGE, tmp_path / "team" / "app" / "1")
    result = blobfix("push", "localhost:1/team/app@" + "sha256:" + "0" * 64, cwd=tmp_path)
    assert (result.code, result.stderr) == (
        2,
        f"blobfix: the manifest here has the digest {IMAGE.manifest_digest}, not sha256:{'0' * 64}\n",
    )


class TestNextStep:
    def test_a_layout_with_other_images_is_told_with_the_tag(self, tmp_path: Path) -> None:
        source, layout = write_artifactory_folder(IMAGE, tmp_path / "in"), tmp_path / "layout"
        commands = [blobfix("to-oci-layout", source, "-o", layout, "-n", f"team/app:{tag}").text for tag in ("1", "2")]
        first, second = commands
        assert f"(skopeo copy --all oci:{layout} docker://REGISTRY/team/app:1 copies it to a registry)" in first
        assert f"(skopeo copy --all oci:{layout}:2 docker://REGISTRY/team/app:2 copies it to a registry)" in second
        assert all(text.splitlines()[-1] == f"    blobfix scan {layout}" for text in commands)

    def test_a_layout_of_an_image_of_a_known_registry_is_copied_there(self, tmp_path: Path) -> None:
        source, layout = write_artifactory_folder(IMAGE, tmp_path / "in"), tmp_path / "layout"
        text = blobfix("to-oci-layout", source, "-o", layout, "-n", "r.example:5000/team/app:1").text
        assert text.splitlines()[-1] == f"    skopeo copy --all oci:{layout} docker://r.example:5000/team/app:1"

    @pytest.mark.parametrize(
        ("config_type", "command"),
        [
            ("application/vnd.cncf.helm.config.v1+json", "helm pull oci://localhost:5000/a/b --version 1 --plain-http"),
            ("application/vnd.example.policy.v1+json", "oras pull --plain-http localhost:5000/a/b:1"),
        ],
    )
    def test_an_artifact_is_no_image_that_docker_pulls(self, config_type: str, command: str, tmp_path: Path) -> None:
        source = write_artifactory_folder(make_image([{"x": b"1"}], docker=False), tmp_path / "in")
        manifest = source / "manifest.json"
        manifest.write_text(manifest.read_text().replace("application/vnd.oci.image.config.v1+json", config_type))
        result = blobfix("to-registry-tree", source, "-o", tmp_path / "registry", "-n", "a/b:1")
        assert result.text.splitlines()[-1] == f"    {command}"


class TestQuiet:
    def test_writers_say_nothing_and_their_help_says_so(self, tmp_path: Path) -> None:
        source = write_artifactory_folder(IMAGE, tmp_path / "in")
        result = blobfix("to-docker-tar", source, "-o", tmp_path / "image.tar", "-q")
        assert (result.code, result.text, result.stderr) == (0, "", "")
        assert "Print only warnings and errors." in blobfix("to-docker-tar", "--help").text


def test_verdicts_count_as_people_do(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    assert blobfix("scan", tmp_path).text.startswith("No image: the only file here is not a manifest. Also save ")
    for tag in ("1", "2"):
        write_artifactory_folder(make_image([{"version": tag.encode()}]), tmp_path / "app" / tag)
    assert blobfix("scan", tmp_path).text.startswith("Both images are intact: ")


@pytest.mark.parametrize("command", WRITERS)
def test_a_place_where_nobody_may_write_is_named_and_what_to_do(
    command: str, tmp_path: Path, powerless: list[str]
) -> None:
    source = write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1")
    (tmp_path / "locked").mkdir(mode=0o555)
    result = blobfix(command, source, "-n", "a/b:1", "-o", tmp_path / "locked" / "out", prefix=powerless)
    assert result.code == 5
    assert ".blobfix-" not in result.stderr
    assert result.stderr.startswith(f"blobfix: {tmp_path / 'locked'}")
    assert "can't be written: Permission denied; run this as a user with write permission there" in result.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("option", ["--version", "--help"])
def test_a_full_disk_is_an_error_also_of_what_no_command_prints(option: str) -> None:
    with Path("/dev/full").open("wb") as full:
        result = blobfix(option, stdout=full)
    assert (result.code, result.stderr) == (5, "blobfix: reading or writing failed: No space left on device\n")
