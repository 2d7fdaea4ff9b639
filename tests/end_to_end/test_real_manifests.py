"""What real programs write is never called altered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from importer.recovery.documents.manifest_text import alteration_in
from tests.conftest import need
from tests.images.content import sample_layers
from tests.images.generated import make_image, write_artifactory_folder
from tests.in_process import run
from tests.programs.command import find
from tests.programs.command import run as run_program
from tests.programs.umoci import Umoci

FIXTURE = Path(__file__).parents[2] / "fixtures" / "clean" / "downloads"


def manifests_below(folder: Path) -> list[bytes]:
    contents = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return [content for content in contents if b'"schemaVersion"' in content and b"\0" not in content]


def test_docker_s() -> None:
    found = manifests_below(FIXTURE)
    assert found
    assert [alteration_in(content) for content in found] == [None] * len(found)


@pytest.mark.real_programs
@pytest.mark.parametrize("target", ["dir:{}/copy", "oci:{}/copy:1"])
def test_skopeo_s(target: str, tmp_path: Path) -> None:
    skopeo = need(lambda: find("skopeo", "skopeo"))
    write_artifactory_folder(make_image(sample_layers("real", 9000)), tmp_path / "in" / "team" / "app" / "1")
    archive = tmp_path / "image.tar"
    assert run("to-docker-tar", tmp_path / "in", "-o", archive).code == 0
    run_program([skopeo, "copy", "-q", f"docker-archive:{archive}", target.format(tmp_path)])
    found = manifests_below(tmp_path / "copy")
    assert found
    assert [alteration_in(content) for content in found] == [None] * len(found)


@pytest.mark.real_programs
def test_umoci_s(tmp_path: Path) -> None:
    umoci = need(Umoci)
    umoci.command("init", "--layout", str(tmp_path / "layout"))
    umoci.command("new", "--image", f"{tmp_path / 'layout'}:1")
    found = manifests_below(tmp_path / "layout" / "blobs")
    assert [json.loads(content)["schemaVersion"] for content in found] == [2]
    assert alteration_in(found[0]) is None
