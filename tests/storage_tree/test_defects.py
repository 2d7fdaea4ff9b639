"""Every defect that has been seen: found by its rule alone, mended, served, and then found no more."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest

from importer.domain.digest import Digest
from tests.blobfix import leftovers, snapshot
from tests.in_process import check_tree, run
from tests.programs.docker_registry import DockerRegistry
from tests.storage_tree.conftest import ServeRegistry
from tests.storage_tree.operators import DOCKER_SAVE, ROWS, Row, rewrite
from tests.storage_tree.pushed_tree import IMAGE, INDEX, NAME, TAG, PushedTree, assert_served

EVERY_ROW = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def test_a_pushed_tree_is_in_order(tree: PushedTree) -> None:
    before = snapshot(tree.root, times=True)
    for flags in ((), ("--quick",), ("--apply",)):
        checked = check_tree(tree.root, *flags)
        assert (checked.code, checked.codes) == (0, [])
    assert checked.report["summary"]["tags_served"] == 2
    assert checked.report["summary"]["manifests_served"] == 4
    assert snapshot(tree.root, times=True) == before


@EVERY_ROW
def test_is_found_mended_and_served(row: Row, tree: PushedTree, downloads: Path, serve_registry: ServeRegistry) -> None:
    row.damage(tree)
    before = snapshot(tree.root)
    supply = ["--blobs", str(downloads)] if row.needs_blobs else []
    alone = check_tree(tree.root)
    assert (alone.code, "error" in alone.severities) == ((4, True) if row.needs_blobs else (1, False))
    found = check_tree(tree.root, *supply)
    assert (found.code, set(found.codes)) == (1, {row.code}), found.report["findings"]
    assert "error" not in found.severities
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


def test_an_empty_folder_is_a_tag_to_the_registry(tree: PushedTree, serve_registry: ServeRegistry) -> None:
    (tree.tag.parent / "Thumbs db").mkdir()
    registry = serve_registry(tree.root)
    assert "Thumbs db" in registry.tags(NAME)
    (finding,) = check_tree(tree.root).report["findings"]
    assert "tags/list" in finding["message"]


@pytest.mark.parametrize("row", [row for row in ROWS if row.name.startswith("index-")], ids=lambda row: row.name)
def test_what_no_request_reads_is_a_remark(row: Row, tree: PushedTree) -> None:
    row.damage(tree)
    is_read = row.name == "index-layers-folder-missing"
    assert check_tree(tree.root).severities == ({"warning"} if is_read else {"info"})
    text = run("repair-tree", tree.root).output
    assert ("; 1 remark with -v" in text, row.code in text) == (not is_read, is_read)
    assert row.code in run("repair-tree", tree.root, "-v").output


class TestAnUnpackedLayer:
    def unpack(self, tree: PushedTree) -> None:
        rewrite(tree.blob(), gzip.decompress)

    def test_is_recompressed_exactly(self, tree: PushedTree) -> None:
        self.unpack(tree)
        (finding,) = check_tree(tree.root).report["findings"]
        assert "it was unpacked, and is recompressed exactly (" in finding["message"]
        assert check_tree(tree.root, "--apply").left == []
        assert tree.blob().read_bytes() == IMAGE.layers[IMAGE.layer_digests.index(tree.layer)]

    @pytest.mark.parametrize("is_there", [True, False], ids=["beside a damaged one", "instead of a lost one"])
    def test_from_elsewhere_is_recompressed_exactly(self, is_there: bool, tree: PushedTree, tmp_path: Path) -> None:
        layer = tree.blob().read_bytes()
        place = tmp_path / "saved"
        place.mkdir()
        (place / tree.layer.file_name).write_bytes(gzip.decompress(layer))
        if is_there:
            tree.blob().write_bytes(layer[:2000] + bytes(50) + layer[2050:])
        else:
            tree.blob().unlink()
        assert check_tree(tree.root, "--blobs", place, "--apply").left == []
        assert tree.blob().read_bytes() == layer

    @pytest.mark.parametrize("options", [("--no-recompress",), ("--recompress-limit", "0")])
    def test_is_left_when_it_may_not_be(self, tree: PushedTree, options: tuple[str, ...]) -> None:
        self.unpack(tree)
        checked = check_tree(tree.root, *options)
        assert (checked.code, checked.codes) == (4, ["BF506"])
        assert "it was unpacked, as far as is known" in checked.report["findings"][0]["message"]


class TestRemarks:
    """Manifests that no repair may change, since their digests name them."""

    def link(self, tree: PushedTree, manifest: bytes) -> Digest:
        """Put a manifest in the place of the tag's own, as a push would have."""
        digest = Digest.of(manifest)
        path = tree.blob(digest)
        path.parent.mkdir(parents=True)
        path.write_bytes(manifest)
        for link in (tree.revisions / digest.hex, tree.tag / "index" / "sha256" / digest.hex, tree.current.parent):
            link.mkdir(exist_ok=True)
            (link / "link").write_text(str(digest))
        return digest

    def test_a_docker_manifest_without_its_media_type(self, tree: PushedTree, serve_registry: ServeRegistry) -> None:
        value = json.loads(IMAGE.manifest)
        del value["mediaType"]
        self.link(tree, json.dumps(value).encode())
        checked = check_tree(tree.root, "--apply")
        assert (checked.code, checked.left) == (1, ["BF308"])
        answer = serve_registry(tree.root).request(f"/v2/{NAME}/manifests/{TAG}")
        assert (answer.status, answer.headers["content-type"]) == (200, "application/vnd.oci.image.manifest.v1+json")

    def test_a_schema_1_manifest_is_kept(self, tree: PushedTree) -> None:
        layers = [{"blobSum": str(digest)} for digest in IMAGE.layer_digests]
        history = [{"v1Compatibility": '{"id":"a"}'} for _ in layers]
        value = {"schemaVersion": 1, "name": NAME, "tag": TAG, "architecture": "amd64", "fsLayers": layers}
        self.link(tree, json.dumps({**value, "history": history}).encode())
        checked = check_tree(tree.root, "--apply")
        assert (checked.code, checked.left) == (1, ["BF305"])

    def test_a_docker_save_manifest_under_its_own_digest(self, tree: PushedTree, serve_registry: ServeRegistry) -> None:
        self.link(tree, DOCKER_SAVE)
        checked = check_tree(tree.root, "--apply")
        assert (checked.code, checked.left) == (4, ["BF302"])
        assert serve_registry(tree.root).request(f"/v2/{NAME}/manifests/{TAG}").status == 500

    def test_an_index_without_one_of_its_platforms(self, tree: PushedTree, downloads: Path) -> None:
        child = INDEX.children[1].manifest_digest
        tree.blob(child).unlink()
        shutil.rmtree(tree.multi / "_manifests" / "revisions" / "sha256" / child.hex)
        assert (check_tree(tree.root).code, check_tree(tree.root).codes) == (4, ["BF406"])
        mended = check_tree(tree.root, "--apply", "--blobs", downloads)
        assert (mended.code, mended.left) == (0, [])


class TestText:
    def test_says_what_is_wrong_what_comes_of_it_and_what_to_do(self, tree: PushedTree, downloads: Path) -> None:
        tree.blob().unlink()
        rewrite(tree.current, lambda text: text + b"\n")
        text = run("repair-tree", tree.root).output
        assert "2 defects found; 1 can't be repaired from what is here." in text
        assert "500 UNKNOWN: invalid checksum digest length" in text
        assert "404 BLOB_UNKNOWN" in text
        assert "Download again (1)" in text
        assert "--apply repairs what can be repaired" in text
        text = run("repair-tree", tree.root, "--apply", "--blobs", downloads).output
        assert "2 defects found; all repaired." in text
        assert "Can be served in full: 2 of 2 tags, 4 of 4 manifests in 2 repositories" in text
        assert "Restart the registry" in text
        assert run("repair-tree", tree.root).output.startswith("The tree is valid.")

    def test_quiet_says_the_result_in_one_line(self, tree: PushedTree) -> None:
        assert run("repair-tree", tree.root, "-q").output == "The tree is valid.\n"
        assert (
            run("repair-tree", tree.root, "-q", "--read-subset", "1/1").output
            == "No defects found; 16 of 16 blobs hashed.\n"
        )
        tree.blob().write_bytes(bytes(tree.blob().stat().st_size))
        hasty = run("repair-tree", tree.root, "-q", "--quick")
        assert (hasty.code, hasty.output) == (0, "No defects found; layers were not hashed (--quick).\n")
        tree.blob().unlink()
        quiet = run("repair-tree", tree.root, "-q")
        assert (quiet.code, quiet.output) == (4, "1 defect found; 1 can't be repaired from what is here.\n")
