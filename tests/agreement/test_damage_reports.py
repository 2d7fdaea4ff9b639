"""Each damage gives its rule's code in the report and no other error, and the outputs keep what the report says."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests import damage
from tests.blobfix import snapshot
from tests.damage import Damage, in_turn, to_config, to_layer, to_manifest
from tests.images.content import sample_layers, strange
from tests.images.generated import GeneratedImage, make_image, make_image_of_tars, write_artifactory_folder
from tests.in_process import SEVERE, assert_tar_is_sound, assert_tree_is_sound, run, scan

LAYERS = sample_layers("damaged", 12_000)
IMAGE = make_image(LAYERS)
STRANGE_IMAGE = make_image(LAYERS, pack=strange)
ZSTD_IMAGE = make_image(LAYERS, "zstd", docker=False)
EMPTY_LAYER_IMAGE = make_image([*LAYERS, {}])
# A tar without any member, as docker writes it between the layers that change something.
DOCKERS_EMPTY_LAYER = bytes.fromhex("1f8b080000096e8800ff621805a360148c5800080000ffff2eafb5ef00040000")

INTACT = (0, "intact", "exact", "exact")
CONTENT_ONLY = (1, "repairable", "same-image", "exact")
MENDED = (1, "repairable", "exact", "exact")
DOCKER_REFUSES = (1, "repairable", "exact", "none")
LOST = (4, "incomplete", "none", "none")


@dataclass(frozen=True)
class Case:
    """A damage, and all that must come of it.

    Attributes:
        happens: the damage of the folder.
        severe: codes of errors and warnings, exactly.
        outcome: exit code, the image's status, what a registry tree and a docker tar are.
        remarks: codes of severity info that must be among those told.
        image: the image it happens to.
        options: of the scan.
    """

    happens: Damage
    severe: tuple[str, ...] = ()
    outcome: tuple[int, str, str, str] = INTACT
    remarks: tuple[str, ...] = ()
    image: GeneratedImage = IMAGE
    options: tuple[str, ...] = field(default=())


def layer(position: int, change: Callable[..., object], *arguments: Any) -> Damage:
    return to_layer(IMAGE, position, change, *arguments)


def config(change: Callable[..., object], *arguments: Any) -> Damage:
    return to_config(IMAGE, change, *arguments)


def write(name: str, content: bytes) -> Damage:
    """One more file."""
    return lambda folder: (folder / name).write_bytes(content)


def cut_and_called_partial(path: Path, suffix: str) -> None:
    damage.partial_suffix(damage.cut_at(path, 900), suffix)


def swap_layers(folder: Path) -> None:
    damage.swap(*(folder / digest.file_name for digest in IMAGE.layer_digests[:2]))


def edited(image: GeneratedImage, change: Callable[[dict[str, Any]], object]) -> GeneratedImage:
    """The image with another config, and a manifest that wants that config."""
    value = image.config_value()
    change(value)
    return image.with_config(json.dumps(value).encode())


def with_empty_layer(image: GeneratedImage) -> GeneratedImage:
    """The image with docker's empty layer on top."""
    return make_image_of_tars((*image.diffs[:-1], bytes(1024)), layers=(*image.layers[:-1], DOCKERS_EMPTY_LAYER))


def without_empty_layer(folder: Path) -> None:
    (folder / EMPTY.layer_digests[-1].file_name).unlink()


def swap_diff_ids(value: dict[str, Any]) -> None:
    value["rootfs"]["diff_ids"].reverse()


EMPTY = with_empty_layer(EMPTY_LAYER_IMAGE)
NO_ROOTFS_TYPE = edited(IMAGE, lambda value: value["rootfs"].update(diff_ids="none"))
ONE_DIFF_ID_LESS = edited(IMAGE, lambda value: value["rootfs"]["diff_ids"].pop())
WRONG_ORDER = edited(IMAGE, swap_diff_ids)

CASES = {
    "clean": Case(damage.nothing, remarks=("BF307",)),
    "clean, manifest known": Case(damage.nothing, options=("--digest", str(IMAGE.manifest_digest))),
    "renamed by a browser": Case(layer(0, damage.rename_by_browser), remarks=("BF101",)),
    "renamed .gz": Case(layer(1, damage.add_suffix, ".gz"), remarks=("BF101",)),
    "renamed .tar.gz": Case(layer(1, damage.add_suffix, ".tar.gz"), remarks=("BF101",)),
    "renamed .json": Case(config(damage.add_suffix, ".json"), remarks=("BF101",)),
    "renamed sha256-": Case(layer(2, damage.hyphen_prefix), remarks=("BF101",)),
    "renamed sha256:": Case(
        layer(2, lambda path: damage.rename(path, path.name.replace("__", ":"))), remarks=("BF101",)
    ),
    "renamed upper case": Case(layer(2, damage.upper_case), remarks=("BF101",)),
    "renamed no prefix": Case(layer(2, damage.no_prefix), remarks=("BF101",)),
    "renamed anything": Case(layer(2, damage.rename, "download"), remarks=("BF101",)),
    "renamed manifest": Case(to_manifest(damage.rename, "image.txt"), remarks=("BF101",)),
    "two layers swapped": Case(swap_layers, remarks=("BF101", "BF101")),
    "whole, called partial": Case(layer(0, damage.partial_suffix), remarks=("BF101",)),
    "a copy": Case(layer(0, damage.copy, "copy"), remarks=("BF102",)),
    "a stranger": Case(write("notes.txt", b"call Bob about the image"), remarks=("BF103",)),
    "an unwanted blob": Case(write("sha256__" + "0" * 64, b"\x1f\x8b" + bytes(900)), remarks=("BF103",)),
    "marker": Case(layer(0, damage.marker), ("BF105",), LOST),
    "marker of the config": Case(config(damage.marker), ("BF105",), LOST),
    "empty layer file": Case(layer(1, damage.empty), ("BF106",), LOST),
    "empty config file": Case(config(damage.empty), ("BF106",), LOST),
    "log-in page": Case(layer(0, damage.replace_by_html_login_page), ("BF107",), LOST),
    "log-in page of full size": Case(
        layer(0, lambda path: damage.replace_by_html_login_page(path, path.stat().st_size)), ("BF107",), LOST
    ),
    "JSON error": Case(layer(1, damage.replace_by_artifactory_json_error), ("BF107",), LOST),
    "JSON error as config": Case(config(damage.replace_by_artifactory_json_error), ("BF107",), LOST),
    "XML error": Case(layer(2, damage.replace_by_s3_xml_error), ("BF107",), LOST),
    "a pipe": Case(layer(2, damage.make_pipe), ("BF108",), LOST),
    "cut after 10 bytes": Case(layer(0, damage.cut_at, 10), ("BF201",), LOST),
    "cut in the middle": Case(layer(0, damage.cut_at, 1500), ("BF201",), LOST),
    "cut before the trailer": Case(
        layer(0, lambda path: damage.cut_at(path, path.stat().st_size - 9)), ("BF201",), LOST
    ),
    "config cut": Case(config(lambda path: damage.cut_at(path, path.stat().st_size - 20)), ("BF201",), LOST),
    "gunzipped": Case(layer(0, damage.gunzip_in_place), ("BF206",), MENDED),
    "gunzipped and renamed": Case(
        layer(0, lambda path: damage.rename(damage.gunzip_in_place(path), "layer.tar")), ("BF206",), MENDED
    ),
    "two gunzipped": Case(
        in_turn(layer(0, damage.gunzip_in_place), layer(2, damage.gunzip_in_place)), ("BF206", "BF206"), MENDED
    ),
    "gunzipped, by an unknown compressor": Case(
        to_layer(STRANGE_IMAGE, 0, damage.gunzip_in_place), ("BF206",), CONTENT_ONLY, image=STRANGE_IMAGE
    ),
    "gunzipped and without a config": Case(
        in_turn(layer(0, damage.gunzip_in_place), config(damage.remove)), ("BF206", "BF410"), LOST
    ),
    "one bit flipped": Case(layer(0, damage.flip_byte, 1000, 1), ("BF208",), LOST),
    "a byte of the trailer flipped": Case(layer(0, damage.flip_byte, -1), ("BF202",), MENDED),
    "a bit of the header flipped": Case(layer(0, damage.flip_byte, 4, 1), ("BF206",), MENDED),
    "a letter of the config changed": Case(config(damage.flip_byte, 20, 1), ("BF208",), LOST),
    "noise of another size": Case(layer(0, damage.put, random.Random(1).randbytes(1400)), ("BF209",), LOST),
    "erased memory of another size": Case(layer(0, damage.put, b"\xff" * 1400), ("BF209",), LOST),
    "a message in Latin-1": Case(
        layer(0, damage.put, "Zugriff verweigert für Benutzer Müller".encode("latin-1")), ("BF107",), LOST
    ),
    "manifest without layers": Case(
        to_manifest(damage.change, lambda content: content.replace(b'"layers"', b'"players"')), ("BF302",), CONTENT_ONLY
    ),
    "manifest with a name twice": Case(
        to_manifest(damage.change, lambda content: content.replace(b"{", b'{"schemaVersion": 2,', 1)),
        ("BF302",),
        CONTENT_ONLY,
    ),
    "manifest cut": Case(to_manifest(damage.cut_at, 300), ("BF302",), CONTENT_ONLY),
    "config breaks its schema": Case(damage.nothing, ("BF306",), DOCKER_REFUSES, image=NO_ROOTFS_TYPE),
    "layer missing": Case(layer(1, damage.remove), ("BF401",), LOST),
    "config missing": Case(config(damage.remove), ("BF410",), LOST),
    "one diff_id less": Case(damage.nothing, ("BF402",), DOCKER_REFUSES, image=ONE_DIFF_ID_LESS),
    "diff_ids in the wrong order": Case(damage.nothing, ("BF403", "BF403"), DOCKER_REFUSES, image=WRONG_ORDER),
    "docker's empty layer missing": Case(without_empty_layer, (), MENDED, ("BF404",), image=EMPTY),
    "zstd layers": Case(damage.nothing, remarks=("BF411",), image=ZSTD_IMAGE),
    "clean, deep": Case(damage.nothing, options=("--deep",)),
    "several at once": Case(
        in_turn(
            layer(0, damage.cut_at, 2000),
            layer(1, damage.gunzip_in_place),
            layer(2, damage.rename, "x"),
            write("more.txt", b"hello"),
        ),
        ("BF201", "BF206"),
        LOST,
        ("BF101", "BF103"),
    ),
} | {
    f"partial {suffix}": Case(layer(0, cut_and_called_partial, suffix), ("BF104",), LOST)
    for suffix in damage.PARTIAL_SUFFIXES
}


@pytest.fixture(params=CASES.values(), ids=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    value: Case = request.param
    return value


@pytest.fixture
def place(case: Case, tmp_path: Path) -> Path:
    """The folder to scan, the image damaged below it at ``team/app/1.4``."""
    case.happens(write_artifactory_folder(case.image, tmp_path / "in" / "team" / "app" / "1.4"))
    return tmp_path / "in"


def test_the_report_has_the_damages_code_and_no_other(case: Case, place: Path) -> None:
    seen = scan(place, *case.options)
    assert sorted(seen.codes(*SEVERE)) == sorted(case.severe)
    assert sorted(set(case.remarks)) == sorted(set(case.remarks) & set(seen.codes("info")))
    outputs = seen.image["outputs"]
    assert (seen.code, seen.image["status"], outputs["registry-tree"], outputs["docker-tar"]) == case.outcome


def test_what_is_lost_can_be_downloaded_again(case: Case, place: Path) -> None:
    seen = scan(place, *case.options)
    lacking = {blob["digest"] for blob in seen.image["blobs"][1:] if blob["status"] in ("missing", "damaged")}
    invalid = {blob["digest"] for blob in seen.image["blobs"] if blob["rule"] == "config-invalid"}
    assert {download["digest"] for download in seen.report["downloads"]} == lacking - invalid
    for download in seen.report["downloads"]:
        assert download["file_name"] == download["digest"].replace(":", "__")
        assert any("team/app" in path for path in download["paths"])


def test_the_text_tells_the_same(case: Case, place: Path) -> None:
    outcome = run("scan", place, *case.options)
    assert outcome.code == case.outcome[0]
    assert case.outcome[1].upper() in outcome.output
    for code in case.severe:
        assert code in outcome.output


def test_a_registry_tree_is_written_as_true_as_promised(case: Case, place: Path, tmp_path: Path) -> None:
    before = snapshot(place, times=True)
    fidelity, root = case.outcome[2], tmp_path / "registry"
    outcome = run("to-registry-tree", place, "-o", root, "-n", "team/app:1.4")
    if fidelity == "exact":
        assert outcome.code == 0
        assert_tree_is_sound(root, case.image.manifest_digest)
    else:
        assert outcome.code == 4
        assert not root.exists()
    assert snapshot(place, times=True) == before


def test_a_docker_tar_is_written_as_true_as_promised(case: Case, place: Path, tmp_path: Path) -> None:
    before = snapshot(place, times=True)
    target = tmp_path / "image.tar"
    outcome = run("to-docker-tar", place, "-o", target)
    if case.outcome[3] == "exact":
        assert outcome.code == 0
        assert_tar_is_sound(target, case.image.image_id)
    else:
        assert outcome.code == 4
        assert [path.name for path in tmp_path.iterdir()] == ["in"]
    assert snapshot(place, times=True) == before
