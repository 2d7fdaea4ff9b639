"""A registry's storage in a bucket is checked and mended as one in a folder is."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.errors import NoImageError
from importer.places.changes import SET_ASIDE, WritableStore
from importer.places.durability import Durability
from importer.places.folder_store import FolderStore
from importer.places.named import place_of
from importer.storage_tree.recognition import find_tree
from importer.tree_checkup import Checkup, TreeQuestion, check_tree, mended
from tests.images.generated import write_artifactory_folder
from tests.places.bucket import BucketChanges, BucketStore
from tests.storage_tree.operators import ROWS, Row
from tests.storage_tree.pushed_tree import IMAGE, PushedTree
from tests.storage_tree.written_tree import write_tree
from tests.work.threads import threads

IN_BUCKETS = [row for row in ROWS if row.name not in ("empty-folder-in-tags", "empty-folders-in-tags")]
"""A bucket holds no empty folder."""

MOVE_FOLDERS = ("root-v2", "root-registry-v2", "root-bare")
"""What only a store with folders can mend."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> PushedTree:
    return write_tree(tmp_path_factory.mktemp("written"))


@pytest.fixture
def tree(written: PushedTree, tmp_path: Path) -> PushedTree:
    return written.copy_to(tmp_path / "registry")


def check(store: WritableStore) -> Checkup:
    return check_tree(TreeQuestion(store), threads())


def mend(store: WritableStore, *blobs: Path) -> Checkup:
    question, executor = TreeQuestion(store, tuple(map(place_of, blobs))), threads()
    found = check_tree(question, executor)
    left = mended(found, executor, Durability(), {})
    assert left
    return left


def told(checkup: Checkup) -> list[tuple[str, str | None, str]]:
    return [(each.rule.code, each.observation.path, str(each.observation.message)) for each in checkup.findings]


@pytest.mark.parametrize("row", IN_BUCKETS, ids=lambda row: row.name)
def test_the_findings_are_those_of_the_folder(row: Row, tree: PushedTree) -> None:
    row.damage(tree)
    of_folder, of_bucket = check(FolderStore(tree.root)), check(BucketStore.copied(tree.root))
    assert told(of_bucket) == told(of_folder)
    assert of_bucket.census == of_folder.census


def test_a_sound_tree_is_in_order(tree: PushedTree) -> None:
    assert check(BucketStore.copied(tree.root)).findings == ()


def test_a_tree_is_found_from_a_folder_inside_it(tree: PushedTree) -> None:
    tree.current.unlink()
    bucket = BucketStore.copied(tree.root.parent)
    root = bucket.within(tree.root.name)
    inside = check(root.within("docker/registry/v2"))
    assert inside.store == root
    assert told(inside) == told(check(root)) != []
    with pytest.raises(NoImageError, match="a registry's storage is in mem://copy/registry; give that folder"):
        find_tree(bucket)


def test_where_nothing_is_there_is_no_tree() -> None:
    with pytest.raises(NoImageError):
        find_tree(BucketStore.filled("empty", {}))


@pytest.mark.parametrize("row", IN_BUCKETS, ids=lambda row: row.name)
def test_what_is_mended_in_a_folder_is_mended_in_a_bucket(row: Row, tree: PushedTree, tmp_path: Path) -> None:
    row.damage(tree)
    place = write_artifactory_folder(IMAGE, tmp_path / "download")
    bucket = BucketStore.copied(tree.root)
    of_bucket, of_folder = mend(bucket, place), mend(FolderStore(tree.root), place)
    if row.name in MOVE_FOLDERS:
        assert of_folder.findings == ()
        assert {finding.rule.code for finding in of_bucket.findings} == {row.code}
        return
    assert told(of_bucket) == told(of_folder)
    files = {path.relative_to(tree.root).as_posix(): path for path in tree.root.rglob("*") if path.is_file()}
    there = {key: path.read_bytes() for key, path in files.items() if not key.startswith(SET_ASIDE)}
    assert {key: content for key, content in bucket.objects.items() if not key.startswith(SET_ASIDE)} == there


@pytest.mark.parametrize("name", ["x", "link"])
def test_only_what_lies_below_a_link_is_set_aside(name: str, tree: PushedTree, tmp_path: Path) -> None:
    whole = BucketStore.copied(tree.root).objects
    links = [path.relative_to(tree.root).as_posix() for path in (tree.layer_link(), tree.revision_link(), tree.current)]
    below = {f"{link}/{name}": b"junk" for link in links}
    bucket = BucketStore.filled("copy", {**whole, **below})
    assert mend(bucket, tmp_path).findings == ()
    assert bucket.objects == {**whole, **{f"{SET_ASIDE}/{key}": content for key, content in below.items()}}


def test_blobs_come_before_links_and_tags_last(tree: PushedTree, tmp_path: Path) -> None:
    place = write_artifactory_folder(IMAGE, tmp_path / "download")
    for lost in (tree.blob(), tree.layer_link(), tree.current):
        lost.unlink()
    BucketChanges.log.clear()
    assert mend(BucketStore.copied(tree.root), place).findings == ()
    assert [Path(key).parts[-1] for key in BucketChanges.log] == ["data", "link", "link"]
    assert BucketChanges.log[-1].endswith("/current/link")
