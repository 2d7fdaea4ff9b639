"""What the bytes of a tree are for, as garbage collection sees it."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from importer.domain.digest import Digest
from importer.domain.storage_paths import blob_path, current_link, layer_link, revision_link
from importer.places.named import place_of
from importer.storage_tree import space as space_module
from importer.storage_tree.contents import Contents
from importer.storage_tree.layout import Layout
from importer.storage_tree.space import Space
from importer.storage_tree.tree import Repository, Tree
from importer.tree_checkup import TreeQuestion
from importer.tree_checkup import check_tree as check_up
from tests.blobfix import blobfix
from tests.in_process import check_tree
from tests.storage_tree.pushed_tree import IMAGE, INDEX, MULTI, MULTI_TAG, NAME, TAG, PushedTree
from tests.storage_tree.written_tree import write_tree
from tests.work.threads import threads

_ELIGIBLE = re.compile(r"blob eligible for deletion: (sha256:[0-9a-f]{64})")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> PushedTree:
    return write_tree(tmp_path_factory.mktemp("written"))


@pytest.fixture
def tree(written: PushedTree, tmp_path: Path) -> PushedTree:
    return written.copy_to(tmp_path / "registry")


def space_of(tree: PushedTree, *, quick: bool = False) -> Space:
    found = check_up(TreeQuestion(place_of(str(tree.root)), quick=quick, space=True), threads())
    assert found.space
    return found.space


def reported(tree: PushedTree, *options: str) -> dict[str, Any]:
    space: dict[str, Any] = check_tree(tree.root, "--space", *options).report["space"]
    return space


def add_blob(tree: PushedTree, content: bytes, *repositories: str) -> Digest:
    digest = Digest.of(content)
    path = tree.storage / blob_path(digest)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    for repository in repositories:
        link = tree.storage / layer_link(repository, digest)
        link.parent.mkdir(parents=True)
        link.write_text(str(digest))
    return digest


def untag(tree: PushedTree, repository: str, tag: str) -> None:
    folder = tree.storage / "repositories" / repository / "_manifests" / "tags" / tag
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()


def size_of(*contents: bytes) -> int:
    return sum(map(len, set(contents)))


def test_all_of_a_healthy_tree_is_needed(tree: PushedTree) -> None:
    space = space_of(tree)
    assert (space.untagged, space.unreferenced, space.misplaced, space.uploads.count) == (0, 0, 0, 0)
    assert space.needed == sum(path.stat().st_size for path in tree.storage.rglob("data"))


@pytest.mark.parametrize("quick", [False, True])
def test_what_only_a_manifest_without_a_tag_needs(tree: PushedTree, quick: bool) -> None:
    untag(tree, NAME, TAG)
    space = space_of(tree, quick=quick)
    assert space.untagged_manifests == {IMAGE.manifest_digest}
    assert space.untagged == size_of(IMAGE.manifest, *IMAGE.blobs.values())
    assert space.unreferenced == 0


def test_children_of_a_tagged_index_are_needed(tree: PushedTree) -> None:
    assert space_of(tree).untagged_manifests == set()
    untag(tree, MULTI, MULTI_TAG)
    assert space_of(tree).untagged_manifests == {
        INDEX.manifest_digest,
        *(child.manifest_digest for child in INDEX.children),
    }


def test_references_count_over_all_repositories(tree: PushedTree) -> None:
    """A blob of one repository that only another one's tag needs is no waste."""
    link = tree.storage / layer_link(MULTI, IMAGE.layer_digests[0])
    link.parent.mkdir(parents=True)
    link.write_text(str(IMAGE.layer_digests[0]))
    untag(tree, MULTI, MULTI_TAG)
    rows = {row.name: row for row in space_of(tree).repositories}
    contents = [INDEX.manifest, *(each for child in INDEX.children for each in (child.manifest, *child.blobs.values()))]
    assert (rows[MULTI].unneeded, rows[MULTI].links) == (size_of(*contents), 1)
    assert rows[NAME].unneeded == 0


def test_blobs_of_several_repositories_are_shared(tree: PushedTree) -> None:
    again = tree.storage / "repositories" / "copied"
    (tree.storage / "repositories" / NAME).rename(again)
    PushedTree(tree.root)
    tree_of_both = write_tree(tree.root.parent / "both")
    for path in again.rglob("link"):
        target = tree_of_both.storage / "repositories" / "copied" / path.relative_to(again)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    rows = {row.name: row for row in space_of(tree_of_both).repositories}
    assert rows["copied"].shared == rows[NAME].shared == size_of(IMAGE.manifest, *IMAGE.blobs.values())
    assert (rows["copied"].own, rows[NAME].own) == (0, 0)


def test_uploads_that_never_ended_have_an_age(tree: PushedTree) -> None:
    for name, began in (("one", "2020-03-01T10:00:00Z"), ("two", "2024-01-01T00:00:00.5Z"), ("three", "no time")):
        folder = tree.storage / "repositories" / NAME / "_uploads" / name
        folder.mkdir(parents=True)
        (folder / "startedat").write_text(began)
        (folder / "data").write_bytes(b"x" * 1000)
    uploads = space_of(tree).uploads
    assert (uploads.count, uploads.size, uploads.oldest) == (3, 3000, datetime(2020, 3, 1, 10, tzinfo=UTC))
    assert "2020-03-01" in blobfix("repair-tree", tree.root, "--space").text


def test_a_lost_manifest_keeps_anybody_from_deleting(tree: PushedTree) -> None:
    (tree.storage / blob_path(IMAGE.manifest_digest)).unlink()
    space = space_of(tree)
    assert (space.unknown_manifests, space.unreferenced) == (1, size_of(*IMAGE.blobs.values()))
    told = blobfix("repair-tree", tree.root, "--space").text
    assert "Repair the tree before you delete anything" in told
    assert "garbage-collect" not in told


@pytest.mark.parametrize("text", ["", "{digest}\n", None])
def test_what_a_tag_with_a_wrong_link_names_is_needed(tree: PushedTree, text: str | None) -> None:
    """A repair gives the tag its link again, so nobody may be led to delete the image before."""
    link = tree.storage / current_link(NAME, TAG)
    if text is None:
        link.unlink()
    else:
        link.write_text(text.format(digest=IMAGE.manifest_digest))
    space = space_of(tree)
    assert (space.untagged, len(space.untagged_manifests)) == (0, 0)
    told = blobfix("repair-tree", tree.root, "--quick", "--space").text
    assert "Repair the tree before you delete anything" in told
    assert "garbage-collect" not in told


def test_what_a_wrong_link_to_a_manifest_names_is_referenced(tree: PushedTree) -> None:
    untag(tree, NAME, TAG)
    (tree.storage / revision_link(NAME, IMAGE.manifest_digest)).write_text("")
    assert space_of(tree).unreferenced == 0


def test_the_report_has_it_when_it_is_asked_for(tree: PushedTree) -> None:
    content = b"nobody's" * 1000
    add_blob(tree, content, NAME)
    space = reported(tree)
    assert (space["unreferenced"], space["unreferenced_blobs"]) == (len(content), 1)
    assert space["repositories"][0] == {
        "name": NAME,
        "own": size_of(IMAGE.manifest, *IMAGE.blobs.values()),
        "shared": 0,
        "unneeded": len(content),
        "unneeded_links": 1,
        "uploads": {"count": 0, "bytes": 0, "oldest": None},
    }
    assert "space" not in check_tree(tree.root).report


@pytest.mark.real_programs
def test_garbage_collection_would_delete_the_same(
    pristine_tree: PushedTree, serve_registry: Any, tmp_path: Path
) -> None:
    tree = pristine_tree.copy_to(tmp_path / "registry")
    orphans = {add_blob(tree, b"nobody's"), add_blob(tree, b"linked and not named", NAME)}
    untag(tree, MULTI, MULTI_TAG)
    registry = serve_registry(tree.root)
    kept = {str(digest) for digest in orphans}
    assert set(_ELIGIBLE.findall(registry.garbage_collect(dry_run=True))) == kept
    assert {str(digest) for digest in space_of(tree).unreferenced_blobs} == kept


@pytest.mark.real_programs
def test_deleting_what_has_no_tag_takes_the_platforms_of_an_index(
    pristine_tree: PushedTree, serve_registry: Any
) -> None:
    """As docs/repair-tree.md says of registry 2.8."""
    would = serve_registry(pristine_tree.root).garbage_collect(dry_run=True, delete_untagged=True)
    assert all(f"manifest eligible for deletion: {child.manifest_digest}" in would for child in INDEX.children)


def test_time_is_in_proportion_to_the_repositories(tmp_path: Path) -> None:
    """Four times as many take four times as long, not sixteen times."""
    layout = Layout(place_of(str(tmp_path)), "docker/registry/v2/blobs", "docker/registry/v2/repositories")

    def seconds(count: int) -> float:
        digests = [Digest.of(b"%d" % number) for number in range(count)]
        repositories = [Repository(f"app{digest.hex}", {digest}, {digest}, {"1"}, {"1": digest}) for digest in digests]
        tree = Tree(layout, dict.fromkeys(digests, 1), repositories=repositories)
        started = time.process_time()
        assert space_module.space_of(tree, Contents()).needed == count
        return time.process_time() - started

    assert min(seconds(4000) for _ in range(2)) < 8 * max(seconds(1000) for _ in range(2))
