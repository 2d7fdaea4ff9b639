"""``blobfix complete`` where not even the manifest is here: a tag, a layout or a docker save names what to ask for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from importer.domain.digest import Digest
from tests.images.content import sample_layers
from tests.images.generated import (
    GeneratedImage,
    make_image,
    make_index,
    write_artifactory_folder,
    write_artifactory_index,
)
from tests.in_process import run, scan
from tests.transport.faulty_server import FaultyServer, Resource
from tests.transport.remote_images import offer, succeed

IMAGE = make_image(sample_layers("named", 20_000), annotations={"made.by": "hand"}, docker=False)
OTHER = make_image(sample_layers("other", 10_000), docker=False, annotations={"made.by": "hand"})
ARM = make_image(sample_layers("arm", 10_000), docker=False, architecture="arm64")
INDEX = make_index([IMAGE, ARM], docker=False)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def complete(folder: Path, server: FaultyServer) -> None:
    offer(server, IMAGE)
    result = succeed("complete", folder, "--from", f"http://{server.host}/team/app:1.4")
    blobs = sum("/blobs/" in seen.path for seen in server.requests())
    assert not blobs or f"Downloaded {blobs} blob" in result.stderr
    assert scan(folder).code == 0


def asked_for(server: FaultyServer, kind: str) -> set[str]:
    return {seen.path.rpartition("/")[2] for seen in server.requests() if f"/{kind}/" in seen.path}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1.4")
    succeed("to-registry-tree", tmp_path / "in", "-o", tmp_path / "tree")
    return tmp_path / "tree"


def blob_of_tree(tree: Path, digest: Digest) -> Path:
    return tree / "docker" / "registry" / "v2" / "blobs" / "sha256" / digest.hex[:2] / digest.hex / "data"


@pytest.mark.parametrize("loss", [Path.unlink, empty])
def test_a_manifest_that_only_a_tag_s_link_names(
    loss: Callable[[Path], object], tree: Path, server: FaultyServer
) -> None:
    loss(blob_of_tree(tree, IMAGE.manifest_digest))
    complete(tree, server)
    assert str(IMAGE.manifest_digest) in asked_for(server, "manifests")
    assert asked_for(server, "blobs") == set()


def test_then_what_it_names(tree: Path, server: FaultyServer) -> None:
    shutil.rmtree(tree / "docker" / "registry" / "v2" / "blobs")
    complete(tree, server)
    assert scan(tree).image["name"] == "team/app:1.4"
    assert asked_for(server, "blobs") == set(map(str, IMAGE.blobs))


def test_a_layout_of_which_only_the_table_of_contents_is_left(tmp_path: Path, server: FaultyServer) -> None:
    write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1.4")
    succeed("to-oci-layout", tmp_path / "in", "-o", tmp_path / "layout")
    (tmp_path / "alone").mkdir()
    shutil.copy(tmp_path / "layout" / "index.json", tmp_path / "alone")
    complete(tmp_path / "alone", server)
    assert scan(tmp_path / "alone").image["name"] == "team/app:1.4"


def test_an_index_that_a_layout_names(tmp_path: Path, server: FaultyServer) -> None:
    write_artifactory_index(INDEX, tmp_path / "in" / "team" / "app" / "1.4")
    succeed("to-oci-layout", tmp_path / "in", "-o", tmp_path / "layout")
    (tmp_path / "layout" / "blobs" / "sha256" / INDEX.manifest_digest.hex).unlink()
    offer(server, INDEX)
    succeed("complete", tmp_path / "layout", "--from", f"http://{server.host}/team/app:1.4")
    seen = scan(tmp_path / "layout")
    assert seen.code == 0
    assert asked_for(server, "blobs") == set()


def test_what_the_server_has_not_got_costs_only_that(tree: Path, server: FaultyServer) -> None:
    write_artifactory_folder(OTHER, tree.parent / "more" / "team" / "other" / "2")
    succeed("to-registry-tree", tree.parent / "more", "-o", tree)
    for image in (IMAGE, OTHER):
        blob_of_tree(tree, image.manifest_digest).unlink()
    offer(server, IMAGE)
    outcome = run("complete", tree, "--from", f"http://{server.host}/team/app:1.4")
    assert outcome.code == 4
    states = {image["name"]: image["status"] for image in scan(tree).report["images"]}
    assert states["team/app:1.4"] == "intact"
    assert states["team/other:2"] == "incomplete"


def test_in_artifactory_the_manifest_of_a_tag_lies_in_its_folder(tree: Path, server: FaultyServer) -> None:
    blob_of_tree(tree, IMAGE.manifest_digest).unlink()
    folder = "/artifactory/local/team/app/1.4"
    server.resources[f"{folder}/manifest.json"] = Resource(IMAGE.manifest)
    succeed("complete", tree, "--from", f"{server.url}{folder}/")
    assert scan(tree).code == 0


class TestDockerSave:
    def saved(self, image: GeneratedImage, folder: Path) -> Path:
        names = [f"{number}/layer.tar" for number in range(len(image.diffs))]
        for name, content in zip(names, image.diffs, strict=True):
            (folder / name).parent.mkdir(parents=True)
            (folder / name).write_bytes(content)
        entry = {"Config": f"{image.image_id.hex}.json", "RepoTags": ["team/app:1.4"], "Layers": names}
        (folder / "manifest.json").write_text(json.dumps([entry]))
        return folder

    def test_gets_the_config_and_keeps_its_own_manifest(self, tmp_path: Path, server: FaultyServer) -> None:
        folder = self.saved(IMAGE, tmp_path / "save")
        before = (folder / "manifest.json").read_bytes()
        complete(folder, server)
        assert (folder / "manifest.json").read_bytes() == before
        assert (folder / f"{IMAGE.image_id.hex}.json").read_bytes() == IMAGE.config
        assert scan(folder).image["name"] == "team/app:1.4"
        assert asked_for(server, "blobs") == {str(IMAGE.image_id)}

    def test_gets_nothing_of_another_image(self, tmp_path: Path, server: FaultyServer) -> None:
        folder = self.saved(OTHER, tmp_path / "save")
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        offer(server, IMAGE)
        assert run("complete", folder, "--from", f"http://{server.host}/team/app:1.4").code == 4
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
