"""A manifest that is lost is put together again, by repair-tree as by scan and the writers."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from importer.domain.digest import Digest
from tests import damage
from tests.blobfix import snapshot
from tests.in_process import check_tree, run, scan
from tests.storage_tree.conftest import ServeRegistry
from tests.storage_tree.pushed_tree import IMAGE, INDEX, NAME, TAG, PushedTree, assert_served

pytestmark = pytest.mark.real_programs

OTHER = Digest("sha256", "5" * 64)
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


class TestATagWhoseManifestIsNowhere:
    """Its index/ holds another one alone, which no digest proves to be what the tag should name."""

    def test_scan_and_repair_tree_agree(self, tree: PushedTree, tmp_path: Path) -> None:
        tree.current.write_text(str(OTHER))
        before = snapshot(tree.root)
        seen, checked = scan(tree.root), check_tree(tree.root)
        assert run("to-registry-tree", tree.root, "--select", f"{NAME}:{TAG}", "-o", tmp_path / "out").code == 4
        assert (seen.code, checked.code, checked.codes) == (4, 4, ["BF504"])
        (lost,) = [finding for finding in seen.report["findings"] if finding["code"] == "BF401"]
        (dangling,) = checked.report["findings"]
        for finding in (lost, dangling):
            assert (finding["severity"], finding["digest"]) == ("error", str(OTHER))
        assert (dangling["certainty"], dangling["fix"]["safety"]) == ("proven", "none")
        for report in (seen.report, checked.report):
            assert [download["digest"] for download in report["downloads"]] == [str(OTHER)]
        assert snapshot(tree.root) == before

    def test_applied_nothing_changes(self, tree: PushedTree) -> None:
        tree.current.write_text(str(OTHER))
        before = snapshot(tree.root)
        assert check_tree(tree.root, "--apply").code == 4
        assert snapshot(tree.root) == before

    def test_a_place_that_has_it_keeps_the_tag(self, tree: PushedTree, tmp_path: Path) -> None:
        manifest = IMAGE.manifest + b"\n"
        wanted = Digest.of(manifest)
        tree.current.write_text(str(wanted))
        (tmp_path / "place").mkdir()
        (tmp_path / "place" / "manifest.json").write_bytes(manifest)
        assert check_tree(tree.root, "--apply", "--blobs", tmp_path / "place").code == 0
        assert tree.current.read_text() == str(wanted)
        assert tree.blob(wanted).read_bytes() == manifest

    def test_several_in_its_index_are_not_chosen_from(self, tree: PushedTree) -> None:
        second = tree.tag / "index" / "sha256" / INDEX.manifest_digest.hex / "link"
        second.parent.mkdir()
        second.write_text(str(INDEX.manifest_digest))
        tree.current.write_text(str(OTHER))
        assert check_tree(tree.root, "--apply").code == 4
        assert tree.current.read_text() == str(OTHER)
