"""A storage tree like that of ``pushed_tree``, written by this program: for tests that ask no registry."""

from __future__ import annotations

from pathlib import Path

from tests.images.generated import write_artifactory_folder, write_artifactory_index
from tests.in_process import run
from tests.storage_tree.pushed_tree import IMAGE, INDEX, MULTI, MULTI_TAG, NAME, TAG, PushedTree


def write_tree(folder: Path) -> PushedTree:
    """Write both images into a tree below a folder."""
    places = {f"{NAME}:{TAG}": folder / NAME, f"{MULTI}:{MULTI_TAG}": folder / MULTI}
    write_artifactory_folder(IMAGE, folder / NAME / TAG)
    write_artifactory_index(INDEX, folder / MULTI / MULTI_TAG)
    for name, place in places.items():
        written = run("to-registry-tree", place, "-n", name, "-o", folder / "registry", "--no-progress")
        assert written.code == 0, written.output
    return PushedTree(folder / "registry")
