"""Multi-platform images: out of a real registry as Artifactory shows them, and back again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.blobfix import blobfix, contents
from tests.images.artifactory import artifactory_folder
from tests.images.content import sample_layers
from tests.images.generated import GeneratedIndex, make_image, make_index, write_artifactory_index
from tests.programs.docker_registry import DockerRegistry
from tests.programs.dockerd import Dockerd
from tests.programs.skopeo import Skopeo

NAME, TAG = "team/multi", "2.0"
STORAGE = Path("docker/registry/v2")


@pytest.fixture(scope="module")
def index() -> GeneratedIndex:
    images = [make_image(sample_layers(arch, 20_000), architecture=arch) for arch in ("amd64", "arm64")]
    return make_index(images)


@pytest.fixture
def registry(
    index: GeneratedIndex, tmp_path: Path, serve_registry: Callable[..., DockerRegistry], skopeo: Skopeo
) -> DockerRegistry:
    """A registry to which skopeo has pushed the index with both children."""
    served = serve_registry(tmp_path / "pushed")
    source = tmp_path / "source" / NAME / TAG
    write_artifactory_index(index, source)
    assert blobfix("to-oci-layout", source.parents[2], "-o", tmp_path / "layout").code == 0
    skopeo.copy(f"oci:{tmp_path / 'layout'}", f"docker://{served.host}/{NAME}:{TAG}", "--all")
    return served


@pytest.fixture
def download(registry: DockerRegistry, tmp_path: Path) -> Path:
    """The image folder as Artifactory would show it: the tag's folder, and each child's beside it."""
    artifactory_folder(registry, NAME, TAG, tmp_path / "downloads" / NAME / TAG)
    return tmp_path / "downloads"


def test_the_tree_is_what_the_push_left(
    registry: DockerRegistry,
    download: Path,
    tmp_path: Path,
    serve_registry: Callable[..., DockerRegistry],
    index: GeneratedIndex,
) -> None:
    tree = tmp_path / "tree"
    assert blobfix("to-registry-tree", download, "-o", tree).code == 0
    assert contents(tree / STORAGE) == contents(registry.root / STORAGE)
    served = serve_registry(tree)
    assert served.manifest(NAME, TAG) == index.manifest
    assert "0 blobs and 0 manifests eligible for deletion" in served.garbage_collect(dry_run=True)


def test_docker_loads_the_platform_that_was_asked_for(
    download: Path, tmp_path: Path, dockerd: Dockerd, index: GeneratedIndex
) -> None:
    for image in index.children:
        tar = tmp_path / f"{image.architecture}.tar"
        result = blobfix("to-docker-tar", download, "-o", tar, "--platform", f"linux/{image.architecture}")
        assert result.code == 0, result.stderr
        dockerd.load(tar)
        assert dockerd.image_id(f"{NAME}:{TAG}") == str(image.image_id)


def test_a_sparse_index_is_said_and_written_on_demand_alone(
    download: Path, tmp_path: Path, index: GeneratedIndex, serve_registry: Callable[..., DockerRegistry]
) -> None:
    gone, here = index.children
    for path in (download / "team" / "multi" / gone.manifest_digest.file_name).iterdir():
        path.unlink()
    report = blobfix("scan", "--format", "json", download)
    assert report.code == 4
    assert [f["code"] for f in report.json["findings"] if f["severity"] != "info"] == ["BF406"]
    tree = tmp_path / "tree"
    refused = blobfix("to-registry-tree", download, "-o", tree)
    assert (refused.code, tree.exists()) == (4, False)
    assert "linux/amd64" in refused.stderr
    assert blobfix("to-registry-tree", download, "-o", tree, "--sparse").code == 0
    served = serve_registry(tree)
    assert served.manifest(NAME, TAG) == index.manifest
    assert served.manifest(NAME, str(here.manifest_digest)) == here.manifest
    one = tmp_path / "one"
    assert blobfix("to-registry-tree", download, "-o", one, "--platform", "linux/arm64").code == 0
    assert serve_registry(one).manifest(NAME, TAG) == here.manifest


def test_an_index_that_lists_itself_or_a_cycle_ends(tmp_path: Path) -> None:
    # No index can hold its own digest; a name that claims so is as near as one gets.
    folder = tmp_path / "downloads" / NAME / TAG
    folder.mkdir(parents=True)
    entry = {
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "digest": f"sha256:{'a' * 64}",
        "size": 300,
    }
    document = {"schemaVersion": 2, "mediaType": entry["mediaType"], "manifests": [entry, entry]}
    for name in ("list.manifest.json", f"sha256__{'a' * 64}"):
        (folder / name).write_text(json.dumps(document))
    assert blobfix("scan", folder).code == 4
