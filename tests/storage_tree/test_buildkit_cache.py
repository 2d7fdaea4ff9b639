"""A BuildKit cache in a registry: an index whose entries are layers and a record, and no manifests."""

from __future__ import annotations

import json
import shutil
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from importer.domain import media_types
from importer.domain.digest import Digest
from tests.blobfix import snapshot
from tests.in_process import blobs_of_tree, check_tree, run, scan
from tests.programs.docker_registry import DockerRegistry
from tests.storage_tree.conftest import ServeRegistry
from tests.storage_tree.pushed_tree import IMAGE, PushedTree

REPOSITORY, CACHE_TAG = "team/cache", "buildcache"
RECORD = json.dumps({"layers": [{"blob": str(digest)} for digest in IMAGE.layer_digests], "records": []}).encode()
BLOBS = {**dict(zip(IMAGE.layer_digests, IMAGE.layers, strict=True)), Digest.of(RECORD): RECORD}


def entry(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": str(Digest.of(content)), "size": len(content)}


# As buildkit writes it: cache/remotecache/export.go, cache/remotecache/v1/spec.go.
INDEX = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": media_types.OCI_INDEX,
        "manifests": [
            *(entry(media_types.OCI_LAYER_GZIP, layer) for layer in IMAGE.layers),
            entry("application/vnd.buildkit.cacheconfig.v0", RECORD),
        ],
    }
).encode()


def send(registry: DockerRegistry, path: str, method: str, content: bytes = b"", media_type: str = "") -> str:
    headers = {"Content-Type": media_type or "application/octet-stream"}
    request = urllib.request.Request(registry.url + path, content, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status in (201, 202)
        return str(answer.headers["Location"]).removeprefix(registry.url)


def push_cache(registry: DockerRegistry) -> None:
    for digest, content in BLOBS.items():
        place = send(registry, f"/v2/{REPOSITORY}/blobs/uploads/", "POST")
        send(registry, f"{place}&digest={digest}", "PUT", content)
    send(registry, f"/v2/{REPOSITORY}/manifests/{CACHE_TAG}", "PUT", INDEX, media_types.OCI_INDEX)


@pytest.fixture
def cached(tree: PushedTree, serve_registry: ServeRegistry) -> PushedTree:
    """A tree into which a BuildKit cache was pushed."""
    push_cache(serve_registry(tree.root))
    return tree


def test_a_tree_with_a_cache_is_in_order(cached: PushedTree) -> None:
    before = snapshot(cached.root, times=True)
    for flags in ([], ["--quick"], ["--apply"]):
        checked = check_tree(cached.root, *flags)
        assert (checked.code, checked.codes) == (0, [])
    assert checked.report["summary"]["tags_served"] == 3
    assert snapshot(cached.root, times=True) == before


def test_a_manifest_whose_layers_are_null_is_in_order(cached: PushedTree, serve_registry: ServeRegistry) -> None:
    config = entry("application/vnd.buildkit.cacheconfig.v0", RECORD)
    value = {"schemaVersion": 2, "mediaType": media_types.OCI_MANIFEST, "config": config, "layers": None}
    place = f"/v2/{REPOSITORY}/manifests/empty"
    send(serve_registry(cached.root), place, "PUT", json.dumps(value).encode(), media_types.OCI_MANIFEST)
    checked = check_tree(cached.root)
    assert (checked.code, checked.codes) == (0, [])
    assert checked.report["summary"]["tags_served"] == 4


def test_a_lost_layer_is_a_blob_and_no_platform(cached: PushedTree, tmp_path: Path) -> None:
    shutil.rmtree(cached.storage / "repositories" / "team" / "app")
    shutil.rmtree(cached.storage / "repositories" / "team" / "multi")
    content = cached.blob().read_bytes()
    cached.blob().unlink()
    checked = check_tree(cached.root)
    assert (checked.code, checked.codes) == (4, ["BF504"])
    assert [download["size"] for download in checked.report["downloads"]] == [len(content)]
    scanned = scan(cached.root)
    assert "BF406" not in scanned.codes("error", "warning")
    (tmp_path / "found").mkdir()
    (tmp_path / "found" / "x").write_bytes(content)
    assert check_tree(cached.root, "--apply", "--blobs", tmp_path / "found").left == []


def test_a_lost_link_is_a_layers(cached: PushedTree, serve_registry: ServeRegistry) -> None:
    record = Digest.of(RECORD)
    link = cached.storage / "repositories" / REPOSITORY / "_layers" / "sha256" / record.hex / "link"
    link.unlink()
    assert check_tree(cached.root).codes == ["BF503"]
    assert check_tree(cached.root, "--apply").left == []
    registry = serve_registry(cached.root)
    assert registry.blob(REPOSITORY, str(record)) == RECORD
    assert registry.manifest(REPOSITORY, CACHE_TAG) == INDEX


def test_a_cache_is_written_as_it_was(cached: PushedTree, tmp_path: Path, serve_registry: ServeRegistry) -> None:
    outcome = run("to-registry-tree", cached.root, "--select", f"{REPOSITORY}:{CACHE_TAG}", "-o", tmp_path / "new")
    assert outcome.code == 0, outcome.output
    assert set(blobs_of_tree(tmp_path / "new")) == {*BLOBS, Digest.of(INDEX)}
    registry = serve_registry(tmp_path / "new")
    assert registry.manifest(REPOSITORY, CACHE_TAG) == INDEX
    assert {digest: registry.blob(REPOSITORY, str(digest)) for digest in BLOBS} == BLOBS


def test_a_cache_is_pulled(cached: PushedTree, tmp_path: Path, serve_registry: ServeRegistry) -> None:
    registry = serve_registry(cached.root)
    outcome = run("pull", f"http://{registry.host}/{REPOSITORY}:{CACHE_TAG}", "-o", tmp_path / "pulled")
    assert outcome.code == 0, outcome.output
    assert scan(tmp_path / "pulled").code == 0
    files = [path.read_bytes() for path in (tmp_path / "pulled").rglob("*") if path.is_file()]
    assert set(BLOBS.values()) <= set(files)
