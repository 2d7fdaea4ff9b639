from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.images.generated import write_artifactory_folder, write_artifactory_index
from tests.programs.docker_registry import DockerRegistry
from tests.programs.skopeo import Skopeo
from tests.storage_tree.pushed_tree import IMAGE, INDEX, MULTI, MULTI_TAG, NAME, TAG, PushedTree, push

ServeRegistry = Callable[..., DockerRegistry]


@pytest.fixture(scope="session")
def pristine_tree(skopeo: Skopeo, tmp_path_factory: pytest.TempPathFactory) -> PushedTree:
    """What pushes of an image and of a two-platform image left; shared by all tests, so don't change it."""
    root = tmp_path_factory.mktemp("pushed")
    with DockerRegistry(root) as registry:
        push(skopeo, registry, IMAGE, f"{NAME}:{TAG}", tmp_path_factory.mktemp("dir"))
        push(skopeo, registry, INDEX, f"{MULTI}:{MULTI_TAG}", tmp_path_factory.mktemp("dir"))
    return PushedTree(root)


@pytest.fixture
def tree(pristine_tree: PushedTree, tmp_path: Path) -> PushedTree:
    """A copy, to be damaged."""
    return pristine_tree.copy_to(tmp_path / "registry")


@pytest.fixture(scope="session")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both images as Artifactory shows them: a place for ``--blobs``."""
    folder = tmp_path_factory.mktemp("downloads")
    write_artifactory_folder(IMAGE, folder / NAME / TAG)
    write_artifactory_index(INDEX, folder / MULTI / MULTI_TAG)
    return folder


@pytest.fixture
def copied_downloads(downloads: Path, tmp_path: Path) -> Path:
    """A copy of these, to be damaged."""
    return Path(shutil.copytree(downloads, tmp_path / "downloads"))
