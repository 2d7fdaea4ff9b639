"""Containers of Azure, by Microsoft's own stand-in: read, written and repaired as buckets are."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path

import pytest

from importer.errors import NetworkError
from importer.places.changes import Job
from importer.places.durability import Durability
from tests.in_process import run
from tests.programs.azurite import Azurite
from tests.storage_tree.operators import ROWS
from tests.storage_tree.written_tree import write_tree

pytestmark = pytest.mark.real_programs

CONTENT = random.Random(9).randbytes(9 << 20)
SYNC = Durability()


@pytest.fixture
def azure(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> Azurite:
    azurite.use(monkeypatch)
    return azurite


def test_objects_are_read_and_changed(azure: Azurite) -> None:
    place = azure.fill("changed", {"a": b"one", "b": b"two", "c/d": b"three", "large": CONTENT})
    with place.open("large").stream as stream:
        assert stream.read() == CONTENT
        stream.seek(-3, 2)
        assert stream.read() == CONTENT[-3:]
    with place.changing(Job("test", busy=""), SYNC) as changes:
        changes.put("new", [CONTENT], keeps_former=False)
        changes.put("a", [b"new"], keeps_former=True)
        changes.copy("b", "moved", place.stat("b").stamp)
        changes.remove("b")
        changes.set_aside("c")
        changes.settle()
    with place.adding(len, SYNC) as additions:
        additions.replace("a", b"newer", place.stat("a").stamp)
        additions.finish()
    kept = {".blobfix-set-aside/a": b"one", ".blobfix-set-aside/c/d": b"three"}
    assert azure.objects_in(place) == {**kept, "a": b"newer", "large": CONTENT, "moved": b"two", "new": CONTENT}


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
