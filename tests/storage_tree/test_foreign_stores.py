"""What is no registry's storage is named and left alone, with --apply, too."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from importer.formats.schema_validation import SchemaName, violations
from tests.blobfix import blobfix, snapshot
from tests.in_process import check_tree, run
from tests.storage_tree import foreign
from tests.storage_tree.foreign import STORES, put, registry_files
from tests.storage_tree.operators import root_at
from tests.storage_tree.pushed_tree import IMAGE, NAME, TAG, PushedTree

EVERY_STORE = pytest.mark.parametrize("store", STORES)


def everything(folder: Path) -> dict[str, tuple[object, ...]]:
    """All that can change in a folder and of the folder itself."""
    status = folder.stat()
    return {**snapshot(folder, times=True), ".": (status.st_mode, status.st_mtime_ns, status.st_ino)}


def assert_refused(root: Path, kept: Path, kind: str = "") -> None:
    """With and without --apply: exit 2, named, and not a name, size, time or byte other than before."""
    before = everything(kept)
    for flags in ([], ["--apply"], ["--apply", "--quick"], ["--apply", "--blobs", kept]):
        outcome = run("repair-tree", root, *flags)
        assert outcome.code == 2, outcome.output
        assert "BF509 not-registry-storage" in outcome.output
        assert kind in outcome.output
        assert everything(kept) == before


@EVERY_STORE
def test_is_named_and_not_touched(store: str, tmp_path: Path) -> None:
    make, kind = STORES[store]
    make(tmp_path / "store")
    assert_refused(tmp_path / "store", tmp_path, kind)


@pytest.mark.parametrize("store", [name for name in STORES if name not in ("lonely-blobs", "source-code")])
def test_nor_one_folder_deeper(store: str, tmp_path: Path) -> None:
    make, kind = STORES[store]
    make(tmp_path / "given" / "inner")
    (tmp_path / "given" / "a" / "b").mkdir(parents=True)
    assert_refused(tmp_path / "given", tmp_path, kind)


@EVERY_STORE
def test_nor_through_a_link(store: str, tmp_path: Path) -> None:
    make, kind = STORES[store]
    make(tmp_path / "store")
    (tmp_path / "link").symlink_to("store")
    assert_refused(tmp_path / "link", tmp_path, kind)


@EVERY_STORE
@pytest.mark.parametrize("halves", [(), ("blobs",), ("blobs", "repositories")], ids=["bare", "blobs", "both"])
def test_nor_beside_an_empty_storage(store: str, halves: tuple[str, ...], tmp_path: Path) -> None:
    make, kind = STORES[store]
    make(tmp_path / "store")
    (tmp_path / "store/docker/registry/v2").mkdir(parents=True, exist_ok=True)
    for half in halves:
        (tmp_path / "store/docker/registry/v2" / half).mkdir(exist_ok=True)
    if store == "downloads" and halves:
        # What lies beside an empty storage doesn't make it another's: there is nothing to mend, and nothing is done.
        before = everything(tmp_path)
        assert check_tree(tmp_path / "store", "--apply").code == 0
        assert everything(tmp_path) == before
        return
    assert_refused(tmp_path / "store", tmp_path, kind)


@EVERY_STORE
@pytest.mark.parametrize("beginning", ["docker/registry/v2", "registry/v2", "v2", "docker", "registry"])
def test_nor_where_a_registry_would_begin(store: str, beginning: str, tmp_path: Path) -> None:
    make, _ = STORES[store]
    make(tmp_path / "volume" / beginning)
    before = everything(tmp_path)
    outcome = run("repair-tree", tmp_path / "volume", "--apply")
    # What lies too deep to be found is no registry's either.
    assert outcome.code == 2 or (outcome.code == 3 and store == "static-registry"), outcome.output
    assert everything(tmp_path) == before


@EVERY_STORE
def test_nor_when_half_of_it_is_lost(store: str, tmp_path: Path) -> None:
    make, _ = STORES[store]
    make(tmp_path / "store")
    files = sorted(path for path in (tmp_path / "store").rglob("*") if path.is_file())
    for path in files[::2]:
        path.unlink()
    before = everything(tmp_path)
    outcome = run("repair-tree", tmp_path / "store", "--apply")
    assert outcome.code in (2, 3), outcome.output
    assert everything(tmp_path) == before


@pytest.mark.parametrize(
    ("store", "inner"),
    [
        ("oci-layout", "blobs"),
        ("oci-layout", "blobs/sha256"),
        ("docker-save", "blobs"),
        ("ollama", "blobs"),
        ("containerd", "io.containerd.content.v1.content"),
        ("containerd", "io.containerd.content.v1.content/blobs"),
        ("registry-v1", "images"),
        ("minio", "docker/registry/v2"),
        ("minio", "docker/registry/v2/repositories"),
        ("minio-file-mode", "docker/registry/v2"),
    ],
)
def test_an_inner_folder_is_no_more_a_registrys(store: str, inner: str, tmp_path: Path) -> None:
    make, kind = STORES[store]
    make(tmp_path / "store")
    assert_refused(tmp_path / "store" / inner, tmp_path, kind if "containerd" not in store else "")


def test_the_bucket_of_an_object_store_whose_disk_is_above(tmp_path: Path) -> None:
    foreign.minio_file_mode(tmp_path / "disk" / "bucket")
    (tmp_path / "disk" / "bucket" / ".minio.sys").rename(tmp_path / "disk" / ".minio.sys")
    assert_refused(tmp_path / "disk" / "bucket", tmp_path, "the disk of an object store")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "docker").symlink_to(tmp_path / "disk" / "bucket" / "docker")
    assert_refused(tmp_path / "root", tmp_path, "the disk of an object store")


def test_a_script_gets_a_valid_report_and_a_message(tmp_path: Path) -> None:
    foreign.oci_layout(tmp_path / "store")
    result = blobfix("repair-tree", tmp_path / "store", "--apply", "--format", "json")
    assert result.code == 2
    assert violations(result.json, SchemaName.TREE_REPORT) == ()
    assert [finding["code"] for finding in result.json["findings"]] == ["BF509"]
    assert (result.json["applied"], result.json["left"]) == (False, result.json["findings"])
    assert "an OCI image layout, not a registry's storage (BF509); nothing was touched" in result.stderr
    quiet = run("repair-tree", tmp_path / "store", "-q")
    assert (quiet.code, quiet.output.count("\n")) == (2, 1)
    assert "an OCI image layout" in quiet.output


@pytest.mark.parametrize(
    "store",
    [
        "oci-layout",
        "docker-save",
        "ollama",
        "containerd",
        "quay",
        "artifactory",
        "nexus",
        "skopeo-dir",
        "downloads",
        "zot",
    ],
)
def test_the_advice_works(store: str, tmp_path: Path) -> None:
    """Where a report says that a scan tells what is in a store, it does."""
    make, _ = STORES[store]
    make(tmp_path / "a store")
    (finding,) = json.loads(run("repair-tree", tmp_path / "a store", "--format", "json").stdout)["findings"]
    assert f"blobfix scan '{tmp_path / 'a store'}'" in finding["fix"]["summary"]
    outcome = run("scan", tmp_path / "a store", "--format", "json", "--no-progress")
    digests = {image["manifest_digest"] or image["image_id"] for image in json.loads(outcome.stdout)["images"]}
    assert digests & {str(IMAGE.manifest_digest), str(IMAGE.image_id)}, outcome.output


class TestRealTreesAreStillMended:
    """What lies beside a tree doesn't make it another's."""

    def beside(self, tree: PushedTree, make: Callable[[Path], None]) -> None:
        before = {path.name for path in tree.root.iterdir()}
        make(tree.root)
        tree.current.write_text("nonsense")
        strangers = [path for path in tree.root.iterdir() if path.name not in before]
        kept = {path.name: snapshot(path, times=True) for path in strangers if path.is_dir()}
        mended = check_tree(tree.root, "--apply")
        assert (mended.code, mended.left) == (0, [])
        assert tree.current.read_text() == str(tree.manifest)
        assert {path.name: snapshot(path, times=True) for path in strangers if path.is_dir()} == kept

    @pytest.mark.parametrize("store", [name for name in STORES if not name.startswith("minio")])
    def test_at_the_top(self, store: str, tree: PushedTree) -> None:
        self.beside(tree, STORES[store][0])

    def test_deeper(self, tree: PushedTree) -> None:
        self.beside(tree, lambda root: foreign.minio_disk(root / "minio" / "bucket"))
        self.beside(tree, lambda root: foreign.oci_layout(root / "layouts" / "one"))

    @pytest.mark.parametrize("store", ["oci-layout", "ollama", "registry-v1", "another-registry", "nexus"])
    def test_that_has_lost_its_blobs_or_its_repositories(self, store: str, tree: PushedTree) -> None:
        for half in ("blobs", "repositories"):
            copy = tree.copy_to(tree.root.with_name(f"without-{half}"))
            shutil.rmtree(copy.storage / half)
            STORES[store][0](copy.root)
            strangers = [path for path in copy.root.iterdir() if path.name != "docker" and path.is_dir()]
            kept = [snapshot(path, times=True) for path in strangers]
            assert check_tree(copy.root, "--apply").code == (4 if half == "blobs" else 0)
            assert [snapshot(path, times=True) for path in strangers] == kept

    @pytest.mark.parametrize("beginning", ["v2", "registry/v2", ""])
    def test_that_begins_elsewhere(self, beginning: str, tree: PushedTree) -> None:
        root_at(beginning)(tree)
        put(tree.root / "lost+found" / "a", b"x")
        put(tree.root / "config.yml", "version: 0.1")
        put(tree.root / "backup.tar", b"x")
        assert check_tree(tree.root, "--apply").left == []
        assert tree.current.is_file()

    def test_that_begins_elsewhere_and_lies_in_a_layout(self, tree: PushedTree) -> None:
        """Both use the same folder blobs: no move is right for both."""
        root_at("")(tree)
        foreign.oci_layout(tree.root)
        assert_refused(tree.root, tree.root, "an OCI image layout")

    def test_blobs_alone(self, tree: PushedTree) -> None:
        shutil.rmtree(tree.storage / "repositories")
        before = snapshot(tree.root, times=True)
        assert check_tree(tree.root, "--apply").code == 0
        assert snapshot(tree.root, times=True) == before

    def test_emptied_repositories(self, tree: PushedTree) -> None:
        for link in list((tree.storage / "repositories").rglob("link")):
            link.unlink()
        shutil.rmtree(tree.storage / "blobs")
        for tags in (tree.tag, tree.multi / "_manifests" / "tags"):
            shutil.rmtree(tags)
        before = snapshot(tree.root, times=True)
        assert check_tree(tree.root, "--apply").code == 0
        assert snapshot(tree.root, times=True) == before

    def test_an_empty_storage(self, tmp_path: Path) -> None:
        (tmp_path / "docker/registry/v2/repositories").mkdir(parents=True)
        assert check_tree(tmp_path).code == 0


class TestTheFolderThatWasMeant:
    def test_is_named_when_it_is_an_inner_one(self, tmp_path: Path) -> None:
        for path, content in registry_files().items():
            put(tmp_path / "data" / "registry" / "docker" / "registry" / "v2" / path, content)
        put(tmp_path / "data" / "redis" / "dump.rdb", b"x")
        before = everything(tmp_path)
        outcome = run("repair-tree", tmp_path / "data", "--apply")
        assert outcome.code == 3
        assert f"a registry's storage is in {tmp_path / 'data' / 'registry'}; give that folder" in outcome.output
        assert everything(tmp_path) == before

    def test_nothing_that_can_be_told(self, tmp_path: Path) -> None:
        put(tmp_path / "given" / "notes.txt", "x")
        before = everything(tmp_path)
        assert run("repair-tree", tmp_path / "given").code == 3
        assert everything(tmp_path) == before

    @pytest.mark.slow
    def test_links_that_lead_in_a_circle(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "b").symlink_to("..")
        (tmp_path / "repositories").symlink_to(".")
        assert run("repair-tree", tmp_path).code == 2


def test_a_tag_of_a_repository_that_is_called_as_an_object_stores_file(tree: PushedTree) -> None:
    """A registry takes such names: they are no sign."""
    assert NAME
    assert TAG
    shutil.copytree(tree.tag, tree.tag.parent / "xl.meta")
    shutil.copytree(tree.repository, tree.storage / "repositories" / "xl.meta")
    assert check_tree(tree.root).code == 0
