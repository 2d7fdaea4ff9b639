"""A file that is called a manifest and is none stands for an image that nothing else tells of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.images.content import sample_layers
from tests.images.generated import make_image, write_artifactory_folder
from tests.in_process import run, scan

APP = make_image(sample_layers("app", 10_000))
REMAINS = {
    "BF106": b"",
    "BF107": b'{\n  "errors" : [ {\n    "status" : 401,\n    "message" : "Bad credentials"\n  } ]\n}',
    "BF302": b"\x00\x01 no JSON",
}


@pytest.fixture(params=REMAINS)
def lost(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """The code of what is wrong, and the file, in a folder beside that of a whole image."""
    write_artifactory_folder(APP, tmp_path / "in" / "team" / "app" / "1.4")
    path = tmp_path / "in" / "team" / "other" / "2" / "manifest.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(REMAINS[request.param])
    return request.param, path


def test_beside_whole_images_it_is_the_first_thing_said(lost: tuple[str, Path], tmp_path: Path) -> None:
    code, path = lost
    seen = scan(tmp_path / "in")
    assert seen.code == 4
    assert seen.codes("error") == [code]
    assert [unread["path"] for unread in seen.report["unread"]] == [str(path)]
    assert "other/2/manifest.json" in run("scan", tmp_path / "in", "-q").output
    assert "intact" not in run("scan", tmp_path / "in").output.partition("\n")[0]


@pytest.mark.parametrize("command", ["to-docker-tar", "to-registry-tree", "to-oci-layout"])
def test_what_is_whole_is_written_and_the_rest_named(command: str, lost: tuple[str, Path], tmp_path: Path) -> None:
    outcome = run(command, tmp_path / "in", "-o", tmp_path / "out")
    assert outcome.code == 4
    assert (tmp_path / "out").exists()
    assert f"Not read: {lost[1]}" in outcome.output


def test_who_picks_another_image_has_all_of_it(lost: tuple[str, Path], tmp_path: Path) -> None:
    assert scan(tmp_path / "in", "--select", "team/app:1.4").code == 0
    assert run("to-docker-tar", tmp_path / "in", "--select", "team/app", "-o", tmp_path / "out").code == 0


def test_a_manifest_of_something_else_is_no_loss(tmp_path: Path) -> None:
    write_artifactory_folder(APP, tmp_path / "in" / "team" / "app" / "1.4")
    (tmp_path / "in" / "manifest.json").write_text(json.dumps({"name": "An app", "manifest_version": 3}))
    assert scan(tmp_path / "in").code == 0


def test_where_its_image_was_put_together_it_is_no_second_one(tmp_path: Path) -> None:
    folder = write_artifactory_folder(APP, tmp_path / "in" / "team" / "app" / "1.4")
    (folder / "manifest.json").write_bytes(b"")
    assert scan(tmp_path / "in").code == 1
    assert run("to-docker-tar", tmp_path / "in", "-o", tmp_path / "out").code == 0
