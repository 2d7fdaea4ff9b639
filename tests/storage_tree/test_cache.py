"""The storage of a pull-through cache: what it lacks it fetches, and nobody can push to it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from importer.domain.digest import Digest
from importer.domain.storage_paths import STORAGE_PARTS, blob_path
from importer.tree_checkup import CACHE_STATE
from tests.blobfix import blobfix
from tests.images.built import PushedImage
from tests.in_process import check_tree
from tests.programs.docker_registry import DockerRegistry
from tests.storage_tree.conftest import ServeRegistry

_DEADLINE = 60.0


@pytest.fixture
def cache(
    docker_registry: DockerRegistry, pushed_image: PushedImage, serve_registry: ServeRegistry, tmp_path: Path
) -> Path:
    """A cache from which somebody has asked for a manifest, and for no layer."""
    root = tmp_path / "cache"
    registry = serve_registry(root, settings=f"proxy: {{remoteurl: {docker_registry.url}}}\n")
    registry.manifest(pushed_image.name, pushed_image.tag)
    end = time.monotonic() + _DEADLINE
    while not (root / CACHE_STATE).exists():
        assert time.monotonic() < end, registry.log
        time.sleep(0.05)
    return root


@pytest.mark.real_programs
def test_what_it_has_not_fetched_yet_is_no_defect(cache: Path) -> None:
    seen = check_tree(cache)
    assert (seen.code, [one["message"] for one in seen.report["findings"]]) == (0, [])


@pytest.mark.real_programs
def test_nobody_is_told_to_push_to_it(cache: Path, pushed_image: PushedImage) -> None:
    blob = cache.joinpath(*STORAGE_PARTS) / blob_path(Digest.parse(pushed_image.manifest_digest))
    blob.write_bytes(b"<html>")
    told = blobfix("repair-tree", cache).text
    assert "push" not in told.replace(str(cache), "ROOT")
    assert "fetches it again" in told
