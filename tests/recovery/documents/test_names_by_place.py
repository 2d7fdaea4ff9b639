"""Names of images that their folders tell, as other programs lay them out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, make_image, make_index, write_artifactory_folder
from tests.in_process import run, scan
from tests.sources.archiving import tar_of, zip_of

APP = make_image(sample_layers("placed", 3_000))
BASE = make_image(sample_layers("placed below", 3_000), docker=False)
INDEX = make_index((APP, make_image(sample_layers("placed", 3_000), architecture="arm64")))
SHORT_NAME = "org.opencontainers.image.ref.name"


def dir_transport(image: GeneratedImage, folder: Path) -> None:
    """As skopeo's dir: writes it: blobs under their hex digests alone."""
    folder.mkdir(parents=True)
    (folder / "version").write_text("Directory Transport Version: 1.1\n")
    (folder / "manifest.json").write_bytes(image.manifest)
    for digest, content in image.blobs.items():
        (folder / digest.hex).write_bytes(content)


def static_registry(image: GeneratedImage, repository: Path, *names: str) -> None:
    """As a web server hands out a registry's API."""
    for name in names:
        place = repository / "manifests" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(image.manifest)
    for digest, content in image.blobs.items():
        place = repository / "blobs" / str(digest)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def layout(folder: Path, *images: tuple[GeneratedImage, str | None], shared: frozenset[str] = frozenset()) -> None:
    """As zot keeps a repository; blobs that another repository has are empty."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    entries = [
        image.descriptor | ({"annotations": {SHORT_NAME: tag}} if tag is not None else {}) for image, tag in images
    ]
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": entries}))
    for image, _ in images:
        for digest, content in {**image.blobs, image.manifest_digest: image.manifest}.items():
            (blobs / digest.hex).write_bytes(b"" if str(digest) in shared else content)


def names(*paths: Path) -> dict[str, list[str]]:
    """By manifest digest, the names in the report."""
    return {image["manifest_digest"]: image["names"] for image in scan(*paths).report["images"]}


def name(*paths: Path) -> str | None:
    """The one image's first name in the report."""
    (image,) = scan(*paths).report["images"]
    found: str | None = image["name"]
    return found


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("httpd:2", "httpd:2"),
        ("usb/httpd:2", "httpd:2"),
        ("docker.io/library/httpd:2", "library/httpd:2"),
        ("usb/quay.io/org/team/app:1.4", "quay.io/org/team/app:1.4"),
        ("registry.example:5000/app:1", "registry.example:5000/app:1"),
        ("localhost:5000/deep/er/app:1", "localhost:5000/deep/er/app:1"),
        (f"app:1@sha256:{'a' * 64}", "app:1"),
        (f"docker.io/team/app@sha256:{'a' * 64}", f"team/app@{APP.manifest_digest}"),
        ("a:b:c", None),
        ("UPPER:1", None),
    ],
)
def test_folders_of_skopeo_sync(folder: str, expected: str | None, tmp_path: Path) -> None:
    dir_transport(APP, tmp_path / "in" / folder)
    assert name(tmp_path / "in") == expected


def test_a_folder_of_skopeo_sync_that_is_given_itself(tmp_path: Path) -> None:
    dir_transport(APP, tmp_path / "quay.io" / "org" / "app:1")
    assert name(tmp_path / "quay.io" / "org" / "app:1") == "app:1"
    assert name(tmp_path / "quay.io") == "quay.io/org/app:1"


@pytest.mark.parametrize(("pack", "ending"), [(tar_of, "tar"), (zip_of, "zip")])
def test_an_archive_of_skopeo_sync(pack: Callable[[dict[str, bytes]], bytes], ending: str, tmp_path: Path) -> None:
    dir_transport(APP, tmp_path / "in" / "docker.io" / "team" / "app:1")
    files = [file for file in (tmp_path / "in").rglob("*") if file.is_file()]
    archive = tmp_path / f"sync.{ending}"
    archive.write_bytes(pack({file.relative_to(tmp_path / "in").as_posix(): file.read_bytes() for file in files}))
    assert name(archive) == "team/app:1"


def test_an_index_of_skopeo_sync_is_named_and_its_children_are_not(tmp_path: Path) -> None:
    folder = tmp_path / "in" / "team:1"
    for child in INDEX.children:
        dir_transport(child, folder) if not folder.exists() else None
        for digest, content in child.blobs.items():
            (folder / digest.hex).write_bytes(content)
        (folder / f"{child.manifest_digest.hex}.manifest.json").write_bytes(child.manifest)
    (folder / "manifest.json").write_bytes(INDEX.manifest)
    expected: dict[str, list[str]] = {str(child.manifest_digest): [] for child in INDEX.children}
    assert names(tmp_path / "in") == {str(INDEX.manifest_digest): ["team:1"]} | expected


@pytest.mark.parametrize(
    ("repository", "files", "expected"),
    [
        ("v2/team/app", ("4.5", str(APP.manifest_digest)), "team/app:4.5"),
        ("registry.example/v2/app", ("latest",), "app:latest"),
        ("v2/team/v2/app", ("1",), "team/v2/app:1"),
        ("v2/team/app", (str(APP.manifest_digest),), f"team/app@{APP.manifest_digest}"),
        ("team/app", ("1",), None),
        ("v2/Team/app", ("1",), None),
    ],
)
def test_a_registry_laid_out_as_static_files(
    repository: str, files: tuple[str, ...], expected: str | None, tmp_path: Path
) -> None:
    static_registry(APP, tmp_path / "in" / repository, *files)
    assert name(tmp_path / "in") == expected


def test_static_files_of_which_an_inner_folder_is_given(tmp_path: Path) -> None:
    static_registry(APP, tmp_path / "v2" / "team" / "app", "1", "2")
    for given in ("v2", "v2/team", "v2/team/app"):
        assert names(tmp_path / given) == {str(APP.manifest_digest): ["team/app:1", "team/app:2"]}


def test_a_tag_that_is_a_link_to_the_manifest(tmp_path: Path) -> None:
    repository = tmp_path / "in" / "v2" / "team" / "app"
    static_registry(APP, repository, str(APP.manifest_digest))
    (repository / "manifests" / "4.5").symlink_to(str(APP.manifest_digest))
    assert name(tmp_path / "in") == "team/app:4.5"


@pytest.mark.parametrize("database", ["cache.db", "meta.db"])
def test_a_store_with_a_layout_for_each_repository(database: str, tmp_path: Path) -> None:
    root = tmp_path / "in" / "zot"
    layout(root / "deep" / "er" / "base", (BASE, "1"))
    layout(root / "app", (APP, "1.4"), (BASE, "2"), shared=frozenset(map(str, BASE.blobs)))
    (root / database).write_bytes(b"\0\1\2\3")
    seen = scan(tmp_path / "in")
    assert seen.code == 0
    assert not [finding for finding in seen.report["findings"] if finding["severity"] != "info"]
    expected = {str(APP.manifest_digest): ["app:1.4"], str(BASE.manifest_digest): ["app:2", "deep/er/base:1"]}
    assert names(tmp_path / "in") == expected


def test_layouts_that_share_blobs_are_such_a_store_without_its_database(tmp_path: Path) -> None:
    layout(tmp_path / "in" / "team" / "base", (BASE, "1"))
    layout(tmp_path / "in" / "team" / "app", (APP, None), (BASE, "2"), shared=frozenset(map(str, BASE.blobs)))
    found = {image["name"] for image in scan(tmp_path / "in").report["images"]}
    assert found == {"team/app:2", f"team/app@{APP.manifest_digest}"}


def test_other_layouts_side_by_side_have_no_names_of_their_folders(tmp_path: Path) -> None:
    layout(tmp_path / "in" / "tmp" / "test", (BASE, "latest"))
    layout(tmp_path / "in" / "nginx-backup", (APP, "1.25"))
    assert names(tmp_path / "in") == {str(APP.manifest_digest): [], str(BASE.manifest_digest): []}


@pytest.mark.parametrize("copy", ["12:30", "2024-05-01_12:30", "registry:5000", "backup:old"])
def test_a_colon_in_a_folders_name_is_no_tag_where_skopeo_has_not_written(copy: str, tmp_path: Path) -> None:
    for place in ("team/app/1.4", copy):
        write_artifactory_folder(APP, tmp_path / "in" / place)
    assert name(tmp_path / "in") == "team/app:1.4"


@pytest.mark.parametrize(
    "place",
    [
        "manifests/registry.example.com/team/app/1.4/manifest.json",
        "app/v2/deploy/manifests/manifest.json",
        "v2/team/app/manifests/1.4.json",
        "manifests/prod.cluster.example.com/web/deploy.json",
    ],
)
def test_a_files_ending_is_no_part_of_a_tag(place: str, tmp_path: Path) -> None:
    path = tmp_path / "in" / place
    path.parent.mkdir(parents=True)
    path.write_bytes(APP.manifest)
    (image,) = scan(tmp_path / "in").report["images"]
    assert not [each for each in image["names"] if each.endswith(".json")]


@pytest.mark.parametrize("folder", ["john.doe", "node.js", "project.git", "old.files"])
def test_a_dot_makes_no_host_of_a_folder(folder: str, tmp_path: Path) -> None:
    dir_transport(APP, tmp_path / folder / "work" / "nginx:1")
    assert name(tmp_path) == name(tmp_path / folder) == "nginx:1"


def test_a_layout_that_stands_alone_has_no_name_of_its_folder(tmp_path: Path) -> None:
    layout(tmp_path / "in" / "layout", (APP, "1"))
    assert name(tmp_path / "in") is None


def test_one_name_for_two_images_is_refused(tmp_path: Path) -> None:
    dir_transport(APP, tmp_path / "in" / "one" / "app:1")
    dir_transport(BASE, tmp_path / "in" / "two" / "app:1")
    refused = run("to-registry-tree", tmp_path / "in", "-o", tmp_path / "tree")
    assert refused.code == 2
    assert "two images are called app:1" in refused.output


def test_a_model_of_ollama(tmp_path: Path) -> None:
    place = tmp_path / "in" / "manifests" / "registry.ollama.ai" / "library" / "llama3" / "7b"
    place.parent.mkdir(parents=True)
    place.write_bytes(APP.manifest)
    for digest, content in APP.blobs.items():
        blob = tmp_path / "in" / "blobs" / digest.file_name.replace("__", "-")
        blob.parent.mkdir(exist_ok=True)
        blob.write_bytes(content)
    assert name(tmp_path / "in") == "library/llama3:7b"


def test_a_registry_without_the_tag_keeps_the_repository(tmp_path: Path) -> None:
    dir_transport(APP, tmp_path / "in" / "docker.io" / "team" / "app:1")
    assert run("to-registry-tree", tmp_path / "in", "-o", tmp_path / "tree").code == 0
    for link in (tmp_path / "tree").rglob("tags/1/**/link"):
        link.unlink()
    assert name(tmp_path / "tree") == f"team/app@{APP.manifest_digest}"
    refused = run("to-registry-tree", tmp_path / "tree", "-o", tmp_path / "again")
    assert refused.code == 2
    assert "--name team/app:1.4" in refused.output
    chosen = run(
        "to-registry-tree", tmp_path / "tree", "--select", "team/app", "-n", "team/app:2", "-o", tmp_path / "n"
    )
    assert chosen.code == 0


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (f"registry.example/team/app@{APP.manifest_digest}", f"registry.example/team/app@{APP.manifest_digest}"),
        (f"docker.io/library/app@{APP.manifest_digest}", f"app@{APP.manifest_digest}"),
        (f"docker.io/team/app:3@{APP.manifest_digest}", "team/app:3"),
        (str(APP.image_id), None),
    ],
)
def test_what_stores_of_a_cri_call_an_image(annotation: str, expected: str | None, tmp_path: Path) -> None:
    layout(tmp_path / "in", (APP, None))
    table = json.loads((tmp_path / "in" / "index.json").read_text())
    table["manifests"][0]["annotations"] = {"io.containerd.image.name": annotation}
    (tmp_path / "in" / "index.json").write_text(json.dumps(table))
    assert name(tmp_path / "in") == expected
