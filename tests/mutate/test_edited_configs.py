"""A config that was edited under its old name: another image id, written only when it is asked for."""

import gzip
import json
from pathlib import Path

import pytest

from importer.domain.digest import Digest
from tests import damage
from tests.images.generated import GeneratedImage, index_of, make_image, small_image, write_artifactory_folder
from tests.in_process import assert_tar_is_sound, assert_tree_is_sound, members_of_tar, run, scan

IMAGE = make_image([{"etc/a": b"a" * 500}, {"etc/b": b"b" * 500}])
ALLOWED = ("--name", "team/app:2", "--allow-new-digest")


def edited(image: GeneratedImage = IMAGE, **settings: object) -> bytes:
    """The image's config as somebody changes it in an editor."""
    value = json.loads(image.config)
    value["config"] |= settings or {"Env": ["LEVEL=debug"]}
    return json.dumps(value, indent=2).encode()


def folder_with(config: bytes, folder: Path, image: GeneratedImage = IMAGE) -> Path:
    write_artifactory_folder(image, folder)
    image.config_path(folder).write_bytes(config)
    return folder


def test_it_is_written_under_its_own_image_id(tmp_path: Path) -> None:
    config = edited()
    folder, tar = folder_with(config, tmp_path / "in"), tmp_path / "image.tar"
    outcome = run("to-docker-tar", folder, "-o", tar, *ALLOWED)
    assert outcome.code == 0, outcome.output
    assert_tar_is_sound(tar, Digest.of(config))
    assert members_of_tar(tar)[f"blobs/sha256/{Digest.of(config).hex}"] == config
    assert f"image id {Digest.of(config)}  (new; the original's was {IMAGE.image_id})" in outcome.output
    assert f"the original's was {IMAGE.manifest_digest})" in outcome.output
    assert "config is missing" not in outcome.output


def test_a_tree_holds_a_manifest_that_wants_it(tmp_path: Path) -> None:
    config = edited()
    root = tmp_path / "tree"
    outcome = run("to-registry-tree", folder_with(config, tmp_path / "in"), "-o", root, *ALLOWED)
    assert outcome.code == 0, outcome.output
    (tag,) = root.rglob("current/link")
    assert_tree_is_sound(root, Digest.parse(tag.read_text()))
    assert scan(root, "--deep").image["image_id"] == str(Digest.of(config))


@pytest.mark.parametrize("command", ["to-docker-tar", "to-registry-tree", "to-oci-layout", "to-build-context"])
def test_without_the_option_it_is_refused_and_the_option_named(command: str, tmp_path: Path) -> None:
    outcome = run(command, folder_with(edited(), tmp_path / "in"), "-o", tmp_path / "out", "--name", "team/app:2")
    assert outcome.code == 4
    assert "--allow-new-digest" in outcome.output
    assert not (tmp_path / "out").exists()


def test_a_build_context_takes_its_settings(tmp_path: Path) -> None:
    folder = folder_with(edited(Cmd=["/bin/edited"]), tmp_path / "in")
    outcome = run("to-build-context", folder, "-o", tmp_path / "context", "--allow-new-digest")
    assert outcome.code == 0, outcome.output
    assert "/bin/edited" in (tmp_path / "context" / "Dockerfile").read_text()
    assert str(IMAGE.image_id) in outcome.output


def test_a_scan_promises_nothing_and_tells_of_the_option(tmp_path: Path) -> None:
    config = edited()
    seen = scan(folder_with(config, tmp_path / "in"))
    assert seen.code == 4
    assert set(seen.image["outputs"].values()) == {"none"}
    (finding,) = (each for each in seen.report["findings"] if each["code"] == "BF209")
    assert finding["fix"]["safety"] == "unsafe"
    assert "--allow-new-digest" in finding["fix"]["summary"]
    assert str(Digest.of(config)) in finding["fix"]["summary"]


class TestLayersThatAreNotWhatItLists:
    def config(self) -> bytes:
        value = json.loads(edited())
        value["rootfs"]["diff_ids"].reverse()
        return json.dumps(value).encode()

    def test_are_refused(self, tmp_path: Path) -> None:
        folder = folder_with(self.config(), tmp_path / "in")
        outcome = run("to-docker-tar", folder, "-o", tmp_path / "image.tar", *ALLOWED)
        assert outcome.code == 4
        assert "its layers aren't the ones that it lists" in outcome.output
        assert not (tmp_path / "image.tar").exists()

    def test_are_no_reason_to_tell_of_the_option_once_they_were_looked_into(self, tmp_path: Path) -> None:
        seen = scan(folder_with(self.config(), tmp_path / "in"), "--deep")
        (finding,) = (each for each in seen.report["findings"] if each["code"] == "BF209")
        assert finding["fix"]["safety"] == "none"
        assert "--allow-new-digest" not in finding["fix"]["summary"]


def test_a_layer_that_is_repaired_is_held_against_it_too(tmp_path: Path) -> None:
    folder = folder_with(edited(), tmp_path / "in")
    damage.append(folder / IMAGE.layer_digests[0].file_name, b"\n")
    tar = tmp_path / "image.tar"
    outcome = run("to-docker-tar", folder, "-o", tar, *ALLOWED)
    assert outcome.code == 0, outcome.output
    assert_tar_is_sound(tar, Digest.of(edited()))


def test_a_layer_that_lacks_is_what_is_told_of(tmp_path: Path) -> None:
    folder = folder_with(edited(), tmp_path / "in")
    (folder / IMAGE.layer_digests[0].file_name).unlink()
    outcome = run("to-docker-tar", folder, "-o", tmp_path / "image.tar", *ALLOWED)
    assert outcome.code == 4
    assert "are missing or damaged" in outcome.output


def test_a_text_that_docker_cannot_read_is_none(tmp_path: Path) -> None:
    folder = folder_with(b"\xef\xbb\xbf" + edited(), tmp_path / "in")
    assert run("to-docker-tar", folder, "-o", tmp_path / "image.tar", *ALLOWED).code == 4


def test_the_config_of_a_docker_save_too(tmp_path: Path) -> None:
    config = edited()
    folder = tmp_path / "save"
    folder.mkdir()
    names = []
    for number, layer in enumerate(IMAGE.layers):
        names.append(f"{number}/layer.tar")
        (folder / str(number)).mkdir()
        (folder / names[-1]).write_bytes(gzip.decompress(layer))
    (folder / f"{IMAGE.image_id.hex}.json").write_bytes(config)
    entry = {"Config": f"{IMAGE.image_id.hex}.json", "RepoTags": ["team/app:1"], "Layers": names}
    (folder / "manifest.json").write_text(json.dumps([entry]))
    tar = tmp_path / "image.tar"
    assert run("to-docker-tar", folder, "-o", tar).code == 4
    outcome = run("to-docker-tar", folder, "-o", tar, "--allow-new-digest")
    assert outcome.code == 0, outcome.output
    assert_tar_is_sound(tar, Digest.of(config))


def test_a_child_of_an_index_is_written_by_its_platform(tmp_path: Path) -> None:
    folder, image = tmp_path / "in", small_image()
    write_artifactory_folder(image, folder)
    (folder / "list.manifest.json").write_bytes(index_of((image.manifest, "linux/amd64")))
    value = json.loads(image.config)
    value["config"] = {"Env": ["LEVEL=debug"]}
    config = json.dumps(value).encode()
    image.config_path(folder).write_bytes(config)
    (finding,) = (each for each in scan(folder).report["findings"] if each["code"] == "BF209")
    assert "--platform linux/amd64" in finding["fix"]["summary"]
    tar = tmp_path / "image.tar"
    outcome = run("to-docker-tar", folder, "-o", tar, *ALLOWED, "--platform", "linux/amd64")
    assert outcome.code == 0, outcome.output
    assert_tar_is_sound(tar, Digest.of(config))
