"""The tree that a well-known script leaves: nothing in it is right, and all of it can be mended."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.images.built import PushedImage
from tests.in_process import check_tree
from tests.programs.docker_registry import DockerRegistry
from tests.programs.skopeo import Skopeo
from tests.storage_tree.conftest import ServeRegistry
from tests.storage_tree.handmade import make_by_script


@pytest.mark.parametrize("beginning", ["docker/registry/v2", "registry/v2", "v2"])
@pytest.mark.parametrize("looks", ["always", "really"])
@pytest.mark.parametrize("separator", ["__", ":"], ids=["sha256__", "sha256-colon"])
def test_is_mended_and_served(
    beginning: str,
    looks: str,
    separator: str,
    download: Path,
    tmp_path: Path,
    serve_registry: ServeRegistry,
    pushed_image: PushedImage,
    docker_registry: DockerRegistry,
    skopeo: Skopeo,
) -> None:
    if separator != "__":
        # With these names the script cuts off the digest's first digit: another prefix, and links that mean nothing.
        for path in download.glob("sha256__*"):
            path.rename(path.with_name(path.name.replace("__", separator)))
    root = tmp_path / "volume"
    make_by_script(download, root / beginning, looks)
    found = check_tree(root)
    assert found.code == 1, found.report["left"]
    mended = check_tree(root, "--apply")
    assert (mended.code, mended.left) == (0, [])
    registry = serve_registry(root)
    manifest = docker_registry.manifest(pushed_image.name, pushed_image.tag)
    assert registry.manifest("image", "label") == manifest
    assert registry.manifest("image", pushed_image.manifest_digest) == manifest
    skopeo.copy(f"docker://{registry.host}/image:label", f"dir:{tmp_path / 'pulled'}")
    assert (tmp_path / "pulled" / "manifest.json").read_bytes() == manifest
    for entry in (json.loads(manifest)["config"], *json.loads(manifest)["layers"]):
        algorithm, _, value = entry["digest"].partition(":")
        assert hashlib.new(algorithm, (tmp_path / "pulled" / value).read_bytes()).hexdigest() == value
    assert "0 blobs and 0 manifests eligible for deletion" in registry.garbage_collect(dry_run=True)
    assert check_tree(root).codes == []


def test_all_of_the_mistakes_are_told(download: Path, tmp_path: Path) -> None:
    make_by_script(download, tmp_path / "volume" / "registry" / "v2", "really")
    assert set(check_tree(tmp_path / "volume").codes) == {"BF501", "BF502", "BF505", "BF508"}
