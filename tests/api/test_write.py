"""write() and check_tree(): what the commands do, as values."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

import blobfix
from tests import damage
from tests.agreement.test_scan_and_writers import written as read_back
from tests.api.downloads import download, layer_file
from tests.blobfix import blobfix as command
from tests.blobfix import contents, leftovers, snapshot
from tests.images.generated import make_image, write_artifactory_folder

DESTINATIONS = {
    "to-docker-tar": (blobfix.DockerTar, "image.tar"),
    "to-registry-tree": (blobfix.RegistryTree, "tree"),
    "to-oci-layout": (blobfix.OciLayout, "layout"),
    "to-build-context": (blobfix.BuildContext, "context"),
}


def bytes_of(place: Path) -> dict[str, bytes]:
    """Every byte of an output."""
    return contents(place) if place.is_dir() else {"": place.read_bytes()}


@pytest.mark.parametrize("name", DESTINATIONS)
def test_the_output_is_that_of_the_command(name: str, tmp_path: Path) -> None:
    folder, image = download(tmp_path)
    damage.add_suffix(layer_file(folder, image, 1))
    before = snapshot(tmp_path, times=True)
    kind, place = DESTINATIONS[name]
    report = blobfix.scan(folder)
    written = blobfix.write(
        report.images[0], kind(os.fspath(tmp_path / "api" / place)) if place == "tree" else kind(tmp_path / place)
    )
    target = Path(written.path)
    assert (written.manifest_digest, written.image_id) == (str(image.manifest_digest), str(image.image_id))
    assert written.names == ("team/app:1.4",)
    assert command(name, folder, "-o", tmp_path / f"command-{place}").code == 0
    assert bytes_of(target) == bytes_of(tmp_path / f"command-{place}")
    assert {path: state for path, state in snapshot(tmp_path, times=True).items() if path in before} == before
    assert not leftovers(tmp_path)


@pytest.mark.parametrize("output", ["docker-tar", "registry-tree", "oci-layout"])
def test_what_the_report_promises_of_an_image_is_done_and_nothing_else(output: str, tmp_path: Path) -> None:
    folder, image = download(tmp_path)
    other = make_image([{"b": b"b"}])
    write_artifactory_folder(other, folder / "team" / "other" / "2")
    layer_file(folder, image, 1).unlink()
    kind, place = DESTINATIONS[f"to-{output}"]
    for found in blobfix.scan(folder).images:
        target = tmp_path / found.names[0].replace("/", "-") / place
        target.parent.mkdir()
        if found.outputs[output] == "exact":
            written = blobfix.write(found, kind(target))
            assert read_back(output, target) == {
                written.image_id if output == "docker-tar" else written.manifest_digest
            }
            assert written.manifest_digest == str(other.manifest_digest)
        else:
            with pytest.raises(blobfix.errors.CannotWriteError, match="missing or damaged"):
                blobfix.write(found, kind(target))
            assert not target.exists()


def test_a_tag_moves_only_when_it_may(tmp_path: Path) -> None:
    folder, image = download(tmp_path)
    blobfix.write(blobfix.scan(folder).images[0], blobfix.RegistryTree(tmp_path / "tree"))
    other = make_image([{"b": b"b"}])
    write_artifactory_folder(other, tmp_path / "other" / "team" / "app" / "1.4")
    (found,) = blobfix.scan(tmp_path / "other").images
    with pytest.raises(blobfix.errors.UsageError, match="named"):
        blobfix.write(found, blobfix.RegistryTree(tmp_path / "tree"))
    written = blobfix.write(found, blobfix.RegistryTree(tmp_path / "tree", replace_tags=True))
    assert written.moved == (f"team/app:1.4 named {image.manifest_digest} before",)


def test_a_name_is_asked_for_where_one_is_needed(tmp_path: Path) -> None:
    write_artifactory_folder(make_image([{"b": b"b"}]), tmp_path / "in")
    (found,) = blobfix.scan(tmp_path / "in").images
    with pytest.raises(blobfix.errors.UsageError, match="needs a name"):
        blobfix.write(found, blobfix.RegistryTree(tmp_path / "tree"))
    assert blobfix.write(found, blobfix.RegistryTree(tmp_path / "tree"), name="a/b:c").names == ("a/b:c",)
    with pytest.raises(blobfix.errors.UsageError):
        blobfix.write(found, blobfix.RegistryTree(tmp_path / "tree"), name="not a name")


def test_a_new_digest_is_made_only_when_it_may(tmp_path: Path) -> None:
    folder, image = download(tmp_path)
    (folder / "team" / "app" / "1.4" / "manifest.json").unlink()
    (found,) = blobfix.scan(folder).images
    assert found.outputs["oci-layout"] == "same-image"
    with pytest.raises(blobfix.errors.CannotWriteError, match="allow-new-digest"):
        blobfix.write(found, blobfix.OciLayout(tmp_path / "layout"))
    written = blobfix.write(found, blobfix.OciLayout(tmp_path / "layout"), allow_new_digest=True)
    assert written.image_id == str(image.image_id)
    assert read_back("oci-layout", tmp_path / "layout") == {written.manifest_digest}


def test_layers_without_their_config_are_salvaged_when_asked(tmp_path: Path) -> None:
    folder, image = download(tmp_path)
    (folder / "team" / "app" / "1.4" / image.image_id.file_name).unlink()
    (found,) = blobfix.scan(folder).images
    with pytest.raises(blobfix.errors.CannotWriteError):
        blobfix.write(found, blobfix.DockerTar(tmp_path / "image.tar"))
    written = blobfix.write(found, blobfix.DockerTar(tmp_path / "image.tar"), salvage=True)
    assert written.image_id not in (None, str(image.image_id))


def test_a_file_that_changed_since_the_scan_leaves_nothing_behind(tmp_path: Path) -> None:
    folder, image = download(tmp_path)
    (found,) = blobfix.scan(folder).images
    damage.flip_byte(layer_file(folder, image, 1), 200)
    with pytest.raises(blobfix.errors.VerificationError, match="has changed"):
        blobfix.write(found, blobfix.OciLayout(tmp_path / "layout"))
    assert [path.name for path in tmp_path.iterdir()] == ["downloads"]


def test_nothing_is_written_into_the_input(tmp_path: Path) -> None:
    folder, _ = download(tmp_path)
    (found,) = blobfix.scan(folder).images
    with pytest.raises(blobfix.errors.UsageError, match="inputs are never changed"):
        blobfix.write(found, blobfix.DockerTar(folder / "image.tar"))


def test_what_the_system_refuses_is_an_error_of_the_output(tmp_path: Path) -> None:
    folder, _ = download(tmp_path)
    (found,) = blobfix.scan(folder).images
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(blobfix.BlobfixError):
        blobfix.write(found, blobfix.OciLayout(tmp_path / "file" / "layout"))


def tree_of(tmp_path: Path) -> tuple[Path, Path]:
    """A registry's storage without one of its layer links, and the place of that."""
    folder, _ = download(tmp_path)
    tree = tmp_path / "tree"
    blobfix.write(blobfix.scan(folder).images[0], blobfix.RegistryTree(tree))
    link = next(tree.rglob("_layers/sha256/*/link"))
    link.unlink()
    return tree, link


def test_a_tree_is_checked_and_mended_as_by_the_command(tmp_path: Path) -> None:
    tree, link = tree_of(tmp_path)
    twin = shutil.copytree(tree, tmp_path / "twin")
    report = blobfix.check_tree(os.fspath(tree))
    shown = command("repair-tree", "--format", "json", tree)
    assert report.to_json().encode() == shown.stdout
    assert report.exit_code == shown.code == 1
    assert [finding.code for finding in report.findings] == [each["code"] for each in shown.json["findings"]]
    assert not link.exists()
    after = report.apply()
    assert command("repair-tree", "--format", "json", "--apply", twin).code == after.exit_code == 0
    assert contents(twin) == contents(tree)
    assert not after.findings
    assert json.loads(after.to_json())["applied"]
    assert after.apply().exit_code == 0


def test_what_is_no_tree_is_refused(tmp_path: Path) -> None:
    with pytest.raises(blobfix.BlobfixError):
        blobfix.check_tree(tmp_path / "nowhere")
    folder, _ = download(tmp_path)
    (tmp_path / "image").mkdir()
    blobfix.write(blobfix.scan(folder).images[0], blobfix.OciLayout(tmp_path / "image" / "layout"))
    before = snapshot(tmp_path)
    report = blobfix.check_tree(tmp_path / "image" / "layout")
    assert (report.exit_code, [finding.code for finding in report.findings]) == (2, ["BF509"])
    assert report.apply() == report
    assert snapshot(tmp_path) == before
