"""Manifests and configs that no file is, because they lie in another document or in a coding."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from tests import damage
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, as_json, make_image, make_index, write_artifactory_folder
from tests.in_process import Scan, assert_tree_is_sound, run, scan

APP = make_image(sample_layers("embedded", 10_000))
EXACT = {"registry-tree": "exact", "docker-tar": "exact", "oci-layout": "exact"}


def printed_by_powershell(path: Path) -> None:
    damage.utf16(damage.crlf(damage.as_docker_inspects(path)))


PRINTED: dict[str, Callable[[Path], object]] = {
    "one": damage.as_docker_inspects,
    "a list": lambda path: damage.as_docker_inspects(path, many=True),
    "by PowerShell": printed_by_powershell,
    "by an old docker": lambda path: damage.as_docker_inspects(path, raw=False),
    "by an old docker, a list": lambda path: damage.as_docker_inspects(path, raw=False, many=True),
}


def saved(image: GeneratedImage, tmp_path: Path, change: Callable[[Path], object]) -> Path:
    folder = write_artifactory_folder(image, tmp_path / "in" / "team" / "app" / "1.4")
    change(folder / "manifest.json")
    return tmp_path / "in"


def assert_is_written(folder: Path, tmp_path: Path, seen: Scan, image: GeneratedImage = APP) -> None:
    assert seen.image["outputs"] == EXACT
    assert run("to-registry-tree", folder, "--name", "team/app:1.4", "-o", tmp_path / "tree", "-q").code == 0
    assert_tree_is_sound(tmp_path / "tree", image.manifest_digest)


@pytest.mark.parametrize("change", PRINTED.values(), ids=PRINTED)
def test_a_manifest_that_docker_printed_is_proven_by_what_is_printed_with_it(
    change: Callable[[Path], object], tmp_path: Path
) -> None:
    folder = saved(APP, tmp_path, change)
    seen = scan(folder)
    assert seen.code == 1
    assert seen.image["proof"] == "proven"
    assert seen.image["manifest_digest"] == str(APP.manifest_digest)
    assert len(seen.report["files"]) == seen.report["summary"]["files"] == 5
    assert_is_written(folder, tmp_path, seen)


def test_a_printed_manifest_of_another_digest_is_not_exact(tmp_path: Path) -> None:
    def lie(path: Path) -> None:
        damage.as_docker_inspects(path)
        damage.change(path, lambda text: text.replace(APP.manifest_digest.hex.encode(), b"0" * 64))

    seen = scan(saved(APP, tmp_path, lie))
    assert seen.image["outputs"]["registry-tree"] != "exact"
    assert "BF209" in seen.codes("error")


@pytest.mark.parametrize("descriptor", [None, {}, {"digest": 5}, {"platform": 5, "digest": f"sha256:{'a' * 64}"}])
@pytest.mark.parametrize("raw", [True, False])
def test_without_the_printed_digest_nothing_proves_it(descriptor: Any, raw: bool, tmp_path: Path) -> None:
    """Nor is it its own proof: of the text of an editor, nobody knows the digest."""

    def edited(path: Path) -> None:
        value = json.loads(path.read_bytes())
        text = json.dumps(value, indent="\t", sort_keys=True).encode()
        printed = {"Descriptor": descriptor, "SchemaV2Manifest": dict(reversed(value.items()))}
        path.write_text(json.dumps(printed | ({"Raw": base64.b64encode(text).decode()} if raw else {})))

    seen = scan(saved(APP, tmp_path, edited))
    for image in seen.report["images"]:
        assert image["proof"] != "proven"
        assert image["outputs"]["registry-tree"] != "exact"


def test_beside_the_manifest_itself_what_docker_printed_tells_nothing_new(tmp_path: Path) -> None:
    folder = saved(APP, tmp_path, lambda path: damage.as_docker_inspects(damage.copy(path, "inspect.json")))
    seen = scan(folder)
    assert seen.code == 0
    assert seen.codes("error", "warning") == []


@pytest.mark.parametrize(
    "change",
    [
        damage.in_base64,
        lambda path: damage.in_base64(path, 0),
        damage.in_hex,
        damage.percent_encoded,
        damage.in_chunks,
        damage.in_signed_chunks,
    ],
)
def test_a_manifest_in_a_coding_is_decoded(change: Callable[[Path], object], tmp_path: Path) -> None:
    folder = saved(APP, tmp_path, change)
    seen = scan(folder)
    assert seen.code == 1
    assert "BF214" in seen.codes("warning")
    assert_is_written(folder, tmp_path, seen)


def with_data(image: GeneratedImage, data: Any) -> GeneratedImage:
    value = image.manifest_value()
    value["config"]["data"] = data
    return image.with_manifest(value)


def test_a_config_is_taken_from_its_descriptor(tmp_path: Path) -> None:
    image = with_data(APP, base64.b64encode(APP.config).decode())
    folder = saved(image, tmp_path, lambda path: image.config_path(path.parent).unlink())
    seen = scan(folder)
    assert seen.code == 1
    assert seen.codes("warning") == ["BF214"]
    assert_is_written(folder, tmp_path, seen, image)


OTHER_DATA = ("", "!", *(base64.b64encode(content).decode() for content in (b"{}", APP.config[:-1])))


@pytest.mark.parametrize("data", OTHER_DATA)
def test_other_data_is_no_config(data: str, tmp_path: Path) -> None:
    image = with_data(APP, data)
    assert scan(saved(image, tmp_path, lambda path: image.config_path(path.parent).unlink())).code == 4


def test_data_beside_the_file_itself_changes_nothing(tmp_path: Path) -> None:
    assert scan(saved(with_data(APP, base64.b64encode(APP.config).decode()), tmp_path, damage.nothing)).code == 0


def test_a_child_is_taken_from_the_index(tmp_path: Path) -> None:
    index = json.loads(make_index([APP]).manifest)
    index["manifests"][0]["data"] = base64.b64encode(APP.manifest).decode()
    folder = write_artifactory_folder(APP, tmp_path / "in" / "team" / "app" / "1.4")
    (folder / "manifest.json").unlink()
    (folder / "list.manifest.json").write_bytes(as_json(index))
    seen = scan(tmp_path / "in")
    assert {image["manifest_digest"] for image in seen.report["images"]} >= {str(APP.manifest_digest)}
    assert run("to-docker-tar", tmp_path / "in", "-o", tmp_path / "image.tar", "-q").code == 0


@given(content=st.binary(max_size=60), claimed=st.binary(max_size=60))
def test_data_counts_where_it_has_the_digest(content: bytes, claimed: bytes) -> None:
    value = {"mediaType": "", "digest": str(Digest.of(content)), "size": len(content)}
    for data in (content, claimed):
        descriptor = Descriptor.from_json(value | {"data": base64.b64encode(data).decode()})
        assert descriptor.has_own_data == (data == content and data != b"")
