"""Containers of Azure, by Microsoft's own stand-in: read, written and repaired as buckets are."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from importer.errors import NetworkError
from tests.in_process import run
from tests.places.test_cloud_changes import AFTER, BEFORE, CONTENT, change_all
from tests.programs.azurite import Azurite
from tests.storage_tree.operators import ROWS
from tests.storage_tree.written_tree import write_tree

pytestmark = pytest.mark.real_programs


@pytest.fixture
def azure(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> Azurite:
    azurite.use(monkeypatch)
    return azurite


def test_objects_are_read_and_changed(azure: Azurite) -> None:
    place = azure.fill("changed", BEFORE)
    change_all(place)
    assert azure.objects_in(place) == AFTER
    with place.open("large").stream as stream:
        assert stream.read() == CONTENT
        stream.seek(-3, 2)
        assert stream.read() == CONTENT[-3:]


def test_a_tree_is_repaired_and_written_to_another_place(azure: Azurite, tmp_path: Path) -> None:
    tree = write_tree(tmp_path)
    for name in ("layer-link-missing", "current-missing"):
        next(row for row in ROWS if row.name == name).damage(tree)
    files = {
        path.relative_to(tree.root).as_posix(): path.read_bytes() for path in tree.root.rglob("*") if path.is_file()
    }
    url = azure.fill("tree", files).shown("")
    assert run("repair-tree", url, "--apply").code == 0
    assert json.loads(run("repair-tree", url, "--format", "json").text)["findings"] == []
    written = azure.fill("written", {}).shown("")
    assert run("to-registry-tree", url, "-o", written).code == 0
    assert run("repair-tree", written).code == 0


@pytest.mark.parametrize("path", ["", "a"])
def test_a_key_that_is_base64_and_wrong_is_told(path: str, azure: Azurite, monkeypatch: pytest.MonkeyPatch) -> None:
    place = azure.fill("key", {"a": b"one"})
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", base64.b64encode(b"hunter2" * 9).decode())
    with pytest.raises(NetworkError, match=r"refuses the credentials.*check AZURE_STORAGE_ACCOUNT_NAME"):
        place.stat(path) if path else list(place.list(""))
