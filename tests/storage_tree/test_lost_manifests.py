"""A manifest that is lost is put together again, by repair-tree as by scan and the writers."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import damage
from tests.blobfix import snapshot
from tests.in_process import check_tree, run, scan
from tests.storage_tree.conftest import ServeRegistry
from tests.storage_tree.pushed_tree import IMAGE, INDEX, NAME, TAG, PushedTree, assert_served

pytestmark = pytest.mark.real_programs

LOSSES = [Path.unlink, damage.empty, damage.replace_by_html_login_page]


@pytest.mark.parametrize("lose", LOSSES)
def test_scan_the_writer_and_repair_tree_agree(
    lose: Callable[[Path], object], tree: PushedTree, tmp_path: Path, serve_registry: ServeRegistry
) -> None:
    lose(tree.blob(tree.manifest))
    before = snapshot(tree.root)
    seen = scan(tree.root, "--select", f"{NAME}:{TAG}")
    assert (seen.code, seen.image["outputs"]["registry-tree"]) == (1, "exact")
    written = run("to-registry-tree", tree.root, "--select", f"{NAME}:{TAG}", "-o", tmp_path / "out")
    assert written.code == 0
    assert check_tree(tree.root).code == 1
    assert snapshot(tree.root) == before
    assert check_tree(tree.root, "--apply").code == 0
    assert tree.blob(tree.manifest).read_bytes() == IMAGE.manifest
    assert_served(serve_registry(tree.root))


def test_a_child_of_an_index(tree: PushedTree, serve_registry: ServeRegistry) -> None:
    for child in INDEX.children:
        tree.blob(child.manifest_digest).unlink()
    assert check_tree(tree.root).code == 1
    assert check_tree(tree.root, "--apply").code == 0
    assert_served(serve_registry(tree.root))


def test_one_without_a_tag_is_proven_by_its_revision(tree: PushedTree) -> None:
    shutil.rmtree(tree.tag)
    tree.blob(tree.manifest).unlink()
    seen = scan(tree.root)
    assert seen.code == 1
    (image,) = [image for image in seen.report["images"] if image["image_id"] == str(IMAGE.image_id)]
    assert (image["manifest_digest"], image["outputs"]["registry-tree"]) == (str(IMAGE.manifest_digest), "exact")
    assert check_tree(tree.root, "--apply").code == 0
    assert tree.blob(tree.manifest).read_bytes() == IMAGE.manifest


def test_without_a_layer_it_is_lost_for_both(tree: PushedTree) -> None:
    tree.blob(tree.manifest).unlink()
    tree.blob(tree.layer).unlink()
    assert scan(tree.root).code == 4
    assert check_tree(tree.root).code == 4


def test_a_quick_look_reads_no_layers_for_it(tree: PushedTree) -> None:
    tree.blob(tree.manifest).unlink()
    assert check_tree(tree.root, "--quick").code == 4
