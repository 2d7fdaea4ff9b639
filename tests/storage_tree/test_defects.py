"""Every defect that has been seen: found by its rule alone, mended, served, and then found no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.blobfix import leftovers, snapshot
from tests.in_process import check_tree
from tests.programs.docker_registry import DockerRegistry
from tests.storage_tree.conftest import ServeRegistry
from tests.storage_tree.operators import ROWS, Row
from tests.storage_tree.pushed_tree import NAME, PushedTree, assert_served

EVERY_ROW = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def test_a_pushed_tree_is_in_order(tree: PushedTree) -> None:
    before = snapshot(tree.root, times=True)
    for flags in ([], ["--quick"], ["--apply"]):
        checked = check_tree(tree.root, *flags)
        assert (checked.code, checked.codes) == (0, [])
    assert checked.report["summary"]["tags_served"] == 2
    assert checked.report["summary"]["manifests_served"] == 4
    assert snapshot(tree.root, times=True) == before


@EVERY_ROW
def test_is_found_mended_and_served(row: Row, tree: PushedTree, downloads: Path, serve_registry: ServeRegistry) -> None:
    row.damage(tree)
    before = snapshot(tree.root)
    supply = ["--blobs", downloads] if row.needs_blobs else []
    assert check_tree(tree.root).code == (4 if row.needs_blobs else 1)
    found = check_tree(tree.root, *supply)
    assert (found.code, set(found.codes)) == (1, {row.code}), found.report["findings"]
    assert snapshot(tree.root) == before
    mended = check_tree(tree.root, "--apply", *supply)
    assert (mended.code, mended.left) == (0, [])
    assert [path.name for path in leftovers(tree.root) if path.name != ".blobfix-set-aside"] == []
    assert_served(serve_registry(tree.root))
    again = check_tree(tree.root)
    assert (again.code, again.codes) == (0, [])


@pytest.mark.parametrize("row", [row for row in ROWS if row.answers], ids=lambda row: row.name)
def test_the_registry_answers_what_the_finding_says(row: Row, tree: PushedTree, serve_registry: ServeRegistry) -> None:
    row.damage(tree)
    messages = " ".join(finding["message"] for finding in check_tree(tree.root).report["findings"])
    registry: DockerRegistry = serve_registry(tree.root)
    for request, status in row.answers:
        assert registry.request(f"/v2/{NAME}/{request}").status == status, registry.log
    assert any(str(status) in messages for _, status in row.answers), messages
    log = registry.log
    for reason in ("invalid checksum digest length", "invalid checksum digest format"):
        if f"500 UNKNOWN: {reason}" in messages:
            assert reason in log


@pytest.mark.parametrize("row", [row for row in ROWS if row.is_quick], ids=lambda row: row.name)
def test_a_quick_look_sees_it_too(row: Row, tree: PushedTree) -> None:
    row.damage(tree)
    assert set(check_tree(tree.root, "--quick").codes) == {row.code}
