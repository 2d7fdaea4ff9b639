"""What an input names by its digest and hasn't got is missing, and never passed over in silence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from importer.domain.digest import Digest
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, make_image, make_index, write_artifactory_folder
from tests.in_process import Scan, run, scan
from tests.sources.archiving import tar_of

# The annotation puts a manifest beyond what can be written anew from its config.
APP = make_image(sample_layers("named", 20_000), docker=False, annotations={"made.by": "hand"})
OTHER = make_image(sample_layers("other", 10_000))

Loss = Callable[[Path], object]


def lose(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.fixture
def download(tmp_path: Path) -> Path:
    write_artifactory_folder(APP, tmp_path / "download" / "team" / "app" / "1.4")
    write_artifactory_folder(OTHER, tmp_path / "download" / "team" / "other" / "2")
    return tmp_path / "download"


def written(command: str, download: Path) -> Path:
    target = download.parent / command
    assert run(command, download, "-o", target).code == 0
    return target


def the_app(seen: Scan) -> dict[str, Any]:
    (found,) = [image for image in seen.report["images"] if image["name"] == "team/app:1.4"]
    value: dict[str, Any] = found
    return value


def assert_missing(seen: Scan, digest: Digest, size: int | None = None) -> None:
    """The tag is named, with the digest (and the size) of what must be downloaded again."""
    assert seen.code == 4
    assert the_app(seen)["status"] == "incomplete"
    (wanted,) = [entry for entry in seen.report["downloads"] if entry["digest"] == str(digest)]
    assert size is None or wanted["size"] == size
    assert any(
        "error" in finding["severity"] and finding["digest"] == str(digest) for finding in seen.report["findings"]
    )


@pytest.mark.parametrize("loss", [lose, empty])
def test_a_manifest_that_a_layout_names(loss: Loss, download: Path) -> None:
    layout = written("to-oci-layout", download)
    loss(layout / "blobs" / "sha256" / APP.manifest_digest.hex)
    assert_missing(scan(layout), APP.manifest_digest, len(APP.manifest))


def test_a_layout_of_which_only_the_table_of_contents_is_left(download: Path, tmp_path: Path) -> None:
    layout = written("to-oci-layout", download)
    (tmp_path / "alone").mkdir()
    shutil.copy(layout / "index.json", tmp_path / "alone")
    seen = scan(tmp_path / "alone")
    assert_missing(seen, APP.manifest_digest, len(APP.manifest))
    assert len(seen.report["downloads"]) == 2


@pytest.mark.parametrize("loss", [lose, empty])
def test_a_manifest_to_which_a_registry_s_tag_is_linked(loss: Loss, download: Path) -> None:
    tree = written("to-registry-tree", download)
    digits = APP.manifest_digest.hex
    loss(tree / "docker" / "registry" / "v2" / "blobs" / "sha256" / digits[:2] / digits / "data")
    assert_missing(scan(tree), APP.manifest_digest)


def test_a_registry_of_which_only_the_links_are_left(download: Path) -> None:
    tree = written("to-registry-tree", download)
    shutil.rmtree(tree / "docker" / "registry" / "v2" / "blobs")
    seen = scan(tree)
    assert_missing(seen, APP.manifest_digest)
    assert "size unknown" in run("scan", tree).output


def test_a_link_that_no_tag_needs_is_no_error(download: Path) -> None:
    tree = written("to-registry-tree", download)
    repository = tree / "docker" / "registry" / "v2" / "repositories" / "team" / "app"
    for kind in ("_layers/sha256", "_manifests/revisions/sha256"):
        link = repository / kind / ("ab" * 32) / "link"
        link.parent.mkdir(parents=True)
        link.write_text("sha256:" + "ab" * 32)
    seen = scan(tree)
    assert seen.codes("error") == []
    assert seen.code == 0


def saved(image: GeneratedImage, tag: str, folder: Path) -> Path:
    """What docker save wrote before version 25."""
    layers = [f"{number}/layer.tar" for number in range(len(image.diffs))]
    config = f"{image.image_id.hex}.json"
    entry = {"Config": config, "RepoTags": [tag], "Layers": layers}
    files = {"manifest.json": json.dumps([entry]).encode(), config: image.config}
    for name, content in (files | dict(zip(layers, image.diffs, strict=True))).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("loss", [lose, empty])
def test_a_config_that_docker_save_names(loss: Loss, tmp_path: Path) -> None:
    folder = saved(APP, "team/app:1.4", tmp_path)
    loss(folder / f"{APP.image_id.hex}.json")
    write_artifactory_folder(OTHER, tmp_path / "team" / "other" / "2")
    assert_missing(scan(folder), APP.image_id)


@pytest.mark.parametrize("loss", [lose, empty])
def test_a_layer_that_docker_save_names_by_its_place_alone(loss: Loss, tmp_path: Path) -> None:
    folder = saved(APP, "team/app:1.4", tmp_path)
    loss(folder / "1" / "layer.tar")
    seen = scan(folder)
    assert seen.code == 4
    (layer,) = [blob for blob in the_app(seen)["blobs"] if blob["position"] == 1]
    assert layer["status"] == ("missing" if loss is lose else "damaged")
    assert layer["path"].endswith("1/layer.tar")
    assert seen.codes("error")


def test_a_layout_in_an_archive(download: Path, tmp_path: Path) -> None:
    layout = written("to-oci-layout", download)
    (layout / "blobs" / "sha256" / APP.manifest_digest.hex).unlink()
    files = {str(path.relative_to(layout)): path.read_bytes() for path in layout.rglob("*") if path.is_file()}
    (tmp_path / "layout.tar").write_bytes(tar_of(files))
    assert_missing(scan(tmp_path / "layout.tar"), APP.manifest_digest, len(APP.manifest))


def test_a_nested_index_that_isn_t_here(tmp_path: Path) -> None:
    inner = make_index([OTHER])
    descriptor = {"mediaType": inner.media_type, "digest": str(inner.manifest_digest), "size": len(inner.manifest)}
    outer = {"schemaVersion": 2, "manifests": [descriptor | {"annotations": {"x": "y"}}]}
    (tmp_path / "list.manifest.json").write_text(json.dumps(outer))
    seen = scan(tmp_path)
    (wanted,) = seen.report["downloads"]
    assert (wanted["digest"], wanted["size"], wanted["file_name"]) == (
        str(inner.manifest_digest),
        len(inner.manifest),
        "list.manifest.json",
    )
    assert seen.code == 4


def test_what_is_only_borrowed_promises_nothing(download: Path) -> None:
    layout = written("to-oci-layout", download)
    (layout / "blobs" / "sha256" / APP.manifest_digest.hex).unlink()
    assert scan(download / "team" / "other", "--borrow", layout).code == 0


def test_a_manifest_that_can_be_written_anew_is_proven_by_the_name(download: Path) -> None:
    layout = written("to-oci-layout", download)
    (layout / "blobs" / "sha256" / OTHER.manifest_digest.hex).unlink()
    seen = scan(layout)
    assert seen.code == 1
    (image,) = [image for image in seen.report["images"] if image["name"] == "team/other:2"]
    assert image["manifest_digest"] == str(OTHER.manifest_digest)
    assert image["outputs"]["oci-layout"] == "exact"
