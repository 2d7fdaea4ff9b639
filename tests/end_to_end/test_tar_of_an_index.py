"""A docker tar of a multi-platform image: nothing is named in it that isn't in it, so that every program takes it."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from importer.domain.digest import Digest
from tests.blobfix import blobfix
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, GeneratedIndex, make_image, make_index, write_artifactory_folder
from tests.programs.containerd import Containerd
from tests.programs.dockerd import Dockerd
from tests.programs.podman import Podman
from tests.programs.skopeo import Skopeo

ATTESTATION = {
    "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "digest": f"sha256:{'a7' * 32}",
    "size": 566,
    "platform": {"os": "unknown", "architecture": "unknown"},
}


@pytest.fixture(scope="module")
def index() -> GeneratedIndex:
    images = [make_image(sample_layers(arch, 20_000), architecture=arch) for arch in ("amd64", "arm64")]
    return make_index(images, docker=False)


def written(folder: Path, index: bytes, *children: GeneratedImage) -> Path:
    """A download of an index with some of its children."""
    place = folder / "team" / "multi" / "2.0"
    place.mkdir(parents=True)
    (place / "list.manifest.json").write_bytes(index)
    for child in children:
        write_artifactory_folder(child, place.parent / child.manifest_digest.file_name)
    return folder


def with_attestation(index: bytes) -> bytes:
    value = json.loads(index)
    value["manifests"].append(ATTESTATION)
    return json.dumps(value).encode()


def members(tar: Path) -> dict[str, bytes]:
    with tarfile.open(tar) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive if entry.isfile()}  # type: ignore[union-attr]


def named(files: dict[str, bytes], document: dict[str, Any]) -> Iterator[str]:
    """Every blob that containerd's import follows from a document of the tar: manifests, configs and layers."""
    below = [*document.get("manifests", ()), *document.get("layers", ())]
    for descriptor in below + ([document["config"]] if "layers" in document else []):
        name = f"blobs/{descriptor['digest'].replace(':', '/')}"
        yield name
        if "manifest" in descriptor["mediaType"] or "index" in descriptor["mediaType"]:
            yield from named(files, json.loads(files[name]))


@pytest.mark.parametrize("options", [(), ("--platform", "linux/amd64")])
@pytest.mark.parametrize("children", [1, 2])
@pytest.mark.parametrize("attested", [False, True])
def test_it_holds_what_it_names(
    index: GeneratedIndex, tmp_path: Path, options: tuple[str, ...], children: int, attested: bool
) -> None:
    content = with_attestation(index.manifest) if attested else index.manifest
    written(tmp_path / "in", content, *index.children[:children])
    assert blobfix("to-docker-tar", tmp_path / "in", "-o", tmp_path / "image.tar", *options).code == 0
    files = members(tmp_path / "image.tar")
    top = json.loads(files["index.json"])
    assert set(named(files, top)) == {name for name in files if name.startswith("blobs/")}
    (entry,) = top["manifests"]
    assert entry["digest"] in {str(child.manifest_digest) for child in index.children[:children]}
    assert entry["annotations"]["io.containerd.image.name"] == "docker.io/team/multi:2.0"


def test_an_index_of_one_image_keeps_the_digest_by_which_containerd_knows_it(
    index: GeneratedIndex, tmp_path: Path
) -> None:
    alone = make_index(index.children[:1])
    written(tmp_path / "in", alone.manifest, *alone.children)
    for options, digest in (
        ((), alone.manifest_digest),
        (("--platform", "linux/amd64"), alone.children[0].manifest_digest),
    ):
        tar = tmp_path / f"{len(options)}.tar"
        assert blobfix("to-docker-tar", tmp_path / "in", "-o", tar, *options).code == 0
        (entry,) = json.loads(members(tar)["index.json"])["manifests"]
        assert entry["digest"] == str(digest)


@pytest.fixture
def tar(index: GeneratedIndex, tmp_path: Path) -> Path:
    """One platform of an index whose other image and attestation were never fetched."""
    written(tmp_path / "in", with_attestation(index.manifest), index.children[0])
    target = tmp_path / "image.tar"
    assert blobfix("to-docker-tar", tmp_path / "in", "-o", target, "--platform", "linux/amd64").code == 0
    return target


@pytest.mark.real_programs
class TestIsTakenBy:
    def test_containerd_for_all_platforms(self, tar: Path, index: GeneratedIndex) -> None:
        with Containerd() as containerd:
            containerd.command("images", "import", "--all-platforms", "--snapshotter=native", str(tar))
            (line,) = [each for each in containerd.command("images", "ls").splitlines() if "team/multi:2.0" in each]
            assert line.split()[2] == str(index.children[0].manifest_digest)

    def test_docker(self, tar: Path, dockerd: Dockerd, index: GeneratedIndex) -> None:
        dockerd.load(tar)
        assert dockerd.image_id("team/multi:2.0") == str(index.children[0].image_id)

    def test_podman(self, tar: Path, podman: Podman, index: GeneratedIndex) -> None:
        podman.load(tar)
        assert podman.image_id("docker.io/team/multi:2.0") == str(index.children[0].image_id)

    def test_skopeo(self, tar: Path, skopeo: Skopeo, index: GeneratedIndex, tmp_path: Path) -> None:
        skopeo.copy(f"oci-archive:{tar}", f"dir:{tmp_path / 'dir'}")
        written = (tmp_path / "dir" / "manifest.json").read_bytes()
        assert Digest.of(written) == index.children[0].manifest_digest
