"""A layer that is labelled as something else keeps its label, until the user allows a new manifest digest."""

from __future__ import annotations

import json
import lzma
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from importer.domain import media_types
from importer.domain.digest import Digest
from tests.blobfix import blobfix, contents, scan
from tests.images.content import compress, sample_layers, tar_of
from tests.images.generated import (
    GeneratedImage,
    GeneratedIndex,
    make_image,
    make_image_of_tars,
    make_index,
    write_artifactory_folder,
    write_artifactory_index,
)
from tests.programs.command import ProgramError
from tests.programs.docker_registry import DockerRegistry
from tests.programs.dockerd import Dockerd
from tests.programs.podman import Podman
from tests.programs.skopeo import Skopeo
from tests.programs.umoci import Umoci

_TARS = [tar_of(files) for files in sample_layers("labels", 20_000)]
_ALLOW = "--allow-new-digest"
_OCI_GZIP, _OCI_ZSTD, _OCI_PLAIN = media_types.OCI_LAYER_GZIP, media_types.OCI_LAYER_ZSTD, media_types.OCI_LAYER
_GZIP, _ZSTD, _PLAIN = media_types.DOCKER_LAYER_GZIP, media_types.DOCKER_LAYER_ZSTD, media_types.DOCKER_LAYER


def image_with(kinds: Sequence[str], labels: Sequence[str], *, docker: bool = True) -> GeneratedImage:
    """An image of one layer per kind of compression, each with the label (media type) given for it."""
    tars = _TARS[: len(kinds)]
    layers = [compress(tar, kind) for tar, kind in zip(tars, kinds, strict=True)]
    return make_image_of_tars(tars, docker=docker, layers=layers, layer_types=labels)


PLAIN_CALLED_GZIP = image_with(["none", "gzip"], [_GZIP, _GZIP])
"""What the script of a well-known answer about the registry's API pushes: the tar of docker save, called gzip."""

CASES = {
    "plain called gzip": (PLAIN_CALLED_GZIP, media_types.DOCKER_MANIFEST, [_PLAIN, _GZIP]),
    "gzip called plain": (image_with(["gzip"], [_PLAIN]), media_types.DOCKER_MANIFEST, [_GZIP]),
    "zstd called gzip": (image_with(["zstd", "gzip"], [_GZIP] * 2), media_types.OCI_MANIFEST, [_OCI_ZSTD, _OCI_GZIP]),
    "docker's own zstd": (image_with(["zstd"], [_ZSTD]), media_types.OCI_MANIFEST, [_OCI_ZSTD]),
    "gzip called plain, in OCI's types": (
        image_with(["gzip", "none"], [_OCI_PLAIN, _OCI_GZIP], docker=False),
        media_types.OCI_MANIFEST,
        [_OCI_GZIP, _OCI_PLAIN],
    ),
    "mixed, in OCI's types": (
        image_with(["none", "zstd", "gzip"], [_OCI_ZSTD, _OCI_PLAIN, _OCI_PLAIN], docker=False),
        media_types.OCI_MANIFEST,
        [_OCI_PLAIN, _OCI_ZSTD, _OCI_GZIP],
    ),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def labelled(case: str, tmp_path: Path) -> tuple[GeneratedImage, Path]:
    image = CASES[case][0]
    write_artifactory_folder(image, tmp_path / "in" / "team" / "app" / "1.4")
    return image, tmp_path / "in"


def in_tree(root: Path) -> dict[str, Any]:
    """The manifest that the tag of a registry's storage stands for."""
    storage = root / "docker" / "registry" / "v2"
    digest = (storage / "repositories/team/app/_manifests/tags/1.4/current/link").read_text()
    content = (storage / "blobs/sha256" / digest[7:9] / digest[7:] / "data").read_bytes()
    assert str(Digest.of(content)) == digest
    value: dict[str, Any] = json.loads(content)
    return value


def labels_in(manifest: dict[str, Any]) -> list[str]:
    return [layer["mediaType"] for layer in manifest["layers"]]


def digests_in(manifest: dict[str, Any]) -> list[str]:
    return [entry["digest"] for entry in (manifest["config"], *manifest["layers"])]


def test_a_scan_tells_of_it_and_of_the_way_out(labelled: tuple[GeneratedImage, Path]) -> None:
    report = scan(labelled[1], code=0)
    found = [finding for finding in report["findings"] if finding["code"] == "BF308"]
    assert found
    assert all(finding["fix"]["safety"] == "unsafe" and _ALLOW in finding["fix"]["summary"] for finding in found)
    (image,) = report["images"]
    assert (image["status"], set(image["outputs"].values())) == ("intact", {"exact"})


def test_the_label_is_kept_when_nothing_is_allowed(labelled: tuple[GeneratedImage, Path], tmp_path: Path) -> None:
    image, folder = labelled
    assert blobfix("to-registry-tree", folder, "-o", tmp_path / "tree").code == 0
    assert image.manifest in contents(tmp_path / "tree").values()


def test_a_registry_tree_with_the_right_labels(
    case: str,
    labelled: tuple[GeneratedImage, Path],
    tmp_path: Path,
    serve_registry: Callable[..., DockerRegistry],
    skopeo: Skopeo,
    podman: Podman,
) -> None:
    image, folder = labelled
    result = blobfix("to-registry-tree", folder, "-o", tmp_path / "tree", _ALLOW)
    assert result.code == 0, result.stderr
    manifest = in_tree(tmp_path / "tree")
    assert (manifest["mediaType"], labels_in(manifest)) == CASES[case][1:]
    assert digests_in(manifest) == digests_in(json.loads(image.manifest))
    assert str(image.manifest_digest) in result.text, "the old digest is told"
    host = serve_registry(tmp_path / "tree").host
    new = Digest.of(skopeo.raw_manifest(f"docker://{host}/team/app:1.4").encode())
    assert f"manifest {new}  (new; the original's was {image.manifest_digest})" in result.text
    skopeo.copy(f"docker://{host}/team/app:1.4", f"dir:{tmp_path / 'dir'}", "--preserve-digests")
    assert podman.pull(f"{host}/team/app:1.4") == str(image.image_id)


def test_a_layout_with_the_right_labels(
    case: str, labelled: tuple[GeneratedImage, Path], tmp_path: Path, skopeo: Skopeo, umoci: Umoci
) -> None:
    image, folder = labelled
    layout = tmp_path / "layout"
    assert blobfix("to-oci-layout", folder, "-o", layout, _ALLOW).code == 0
    skopeo.copy(f"oci:{layout}", f"dir:{tmp_path / 'dir'}", "--preserve-digests")
    manifest = json.loads((tmp_path / "dir" / "manifest.json").read_bytes())
    assert labels_in(manifest) == CASES[case][2]
    assert manifest["config"]["digest"] == str(image.image_id)
    # umoci takes OCI's types alone, and in its older versions no zstd.
    if manifest["mediaType"] == media_types.OCI_MANIFEST and _OCI_ZSTD not in labels_in(manifest):
        root = umoci.unpack(layout, "1.4", tmp_path / "root")
        assert any(root.rglob("*"))


def test_docker_pulls_the_corrected_image(
    dockerd: Dockerd, serve_registry: Callable[..., DockerRegistry], tmp_path: Path
) -> None:
    write_artifactory_folder(PLAIN_CALLED_GZIP, tmp_path / "in" / "team" / "app" / "1.4")
    assert blobfix("to-registry-tree", tmp_path / "in", "-o", tmp_path / "tree", _ALLOW).code == 0
    host = serve_registry(tmp_path / "tree").host
    assert dockerd.pull(f"{host}/team/app:1.4") == str(PLAIN_CALLED_GZIP.image_id)


def test_what_skopeo_refuses_is_taken_once_it_is_corrected(
    serve_registry: Callable[..., DockerRegistry], skopeo: Skopeo, tmp_path: Path
) -> None:
    """Docker's own format has no zstd: "unsupported docker v2s2 media type" is what skopeo says."""
    write_artifactory_folder(CASES["docker's own zstd"][0], tmp_path / "in" / "team" / "app" / "1.4")
    for tree, options in (("kept", ()), ("corrected", (_ALLOW,))):
        assert blobfix("to-registry-tree", tmp_path / "in", "-o", tmp_path / tree, *options).code == 0
    kept, corrected = (serve_registry(tmp_path / tree).host for tree in ("kept", "corrected"))
    with pytest.raises(ProgramError, match="unsupported docker v2s2 media type"):
        skopeo.copy(f"docker://{kept}/team/app:1.4", f"oci:{tmp_path / 'a'}:1.4")
    skopeo.copy(f"docker://{corrected}/team/app:1.4", f"oci:{tmp_path / 'b'}:1.4")


def test_a_push_with_the_right_labels(
    serve_registry: Callable[..., DockerRegistry], skopeo: Skopeo, tmp_path: Path
) -> None:
    host = serve_registry(tmp_path / "registry").host
    write_artifactory_folder(PLAIN_CALLED_GZIP, tmp_path / "in" / "team" / "app" / "1.4")
    result = blobfix("push", tmp_path / "in", f"{host}/team/app:1.4", _ALLOW)
    assert result.code == 0, result.stderr
    assert f"(new; the original's was {PLAIN_CALLED_GZIP.manifest_digest})" in result.text
    assert "layer 1 of 2" in result.text
    manifest = json.loads(skopeo.raw_manifest(f"docker://{host}/team/app:1.4"))
    assert labels_in(manifest) == [_PLAIN, _GZIP]


def test_a_skopeo_that_mislabels(oci_download: Callable[[str, Path], Path], tmp_path: Path) -> None:
    """An old skopeo's own work: the plain layers of a docker tar, called gzip."""
    oci_download("mislabelled", tmp_path / "in" / "team" / "app" / "1.4")
    assert blobfix("to-registry-tree", tmp_path / "in", "-o", tmp_path / "tree", _ALLOW).code == 0
    assert set(labels_in(in_tree(tmp_path / "tree"))) == {_OCI_PLAIN}


class TestIndex:
    @pytest.fixture
    def index(self, tmp_path: Path) -> GeneratedIndex:
        """Two platforms, of which one is labelled wrong, and an attestation of that one."""
        other = make_image(sample_layers("other", 20_000), architecture="arm64")
        index = make_index([PLAIN_CALLED_GZIP, other])
        value = json.loads(index.manifest)
        about = {"vnd.docker.reference.digest": str(PLAIN_CALLED_GZIP.manifest_digest)}
        platform = {"architecture": "unknown", "os": "unknown"}
        attestation = {**value["manifests"][1], "digest": f"sha256:{'7' * 64}", "platform": platform}
        value["manifests"].append({**attestation, "annotations": about})
        index = replace(index, manifest=json.dumps(value, indent=3).encode())
        write_artifactory_index(index, tmp_path / "in" / "team" / "app" / "1.4")
        return index

    def test_gets_the_childs_new_digest(
        self,
        index: GeneratedIndex,
        tmp_path: Path,
        serve_registry: Callable[..., DockerRegistry],
        podman: Podman,
    ) -> None:
        result = blobfix("to-registry-tree", tmp_path / "in", "-o", tmp_path / "tree", _ALLOW)
        assert result.code == 0, result.stderr
        assert f"(new; the original's was {index.manifest_digest})" in result.text
        value = in_tree(tmp_path / "tree")
        changed, kept, attestation = value["manifests"]
        assert changed["digest"] != str(PLAIN_CALLED_GZIP.manifest_digest)
        assert kept["digest"] == str(index.children[1].manifest_digest)
        assert attestation["annotations"] == {"vnd.docker.reference.digest": changed["digest"]}
        host = serve_registry(tmp_path / "tree").host
        assert podman.pull(f"{host}/team/app:1.4") == str(PLAIN_CALLED_GZIP.image_id)
        shutil.rmtree(tmp_path / "in")
        assert scan(tmp_path / "tree", code=0)["summary"]["images"] == 3

    def test_one_platform_of_it(self, index: GeneratedIndex, tmp_path: Path) -> None:
        options = ("--platform", "linux/amd64", _ALLOW)
        assert blobfix("to-registry-tree", tmp_path / "in", "-o", tmp_path / "tree", *options).code == 0
        assert labels_in(in_tree(tmp_path / "tree")) == [_PLAIN, _GZIP]

    def test_a_docker_tar_keeps_it(self, index: GeneratedIndex, tmp_path: Path) -> None:
        command = ("to-docker-tar", tmp_path / "in", "--platform", "linux/amd64", "-o")
        assert blobfix(*command, tmp_path / "a.tar").code == 0
        assert blobfix(*command, tmp_path / "b.tar", _ALLOW).code == 0
        assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()


def test_what_has_no_label_is_left_alone(tmp_path: Path) -> None:
    image = make_image_of_tars(_TARS[:1], pack=lambda tar, _: lzma.compress(tar))
    write_artifactory_folder(image, tmp_path / "in" / "team" / "app" / "1.4")
    (finding,) = (found for found in scan(tmp_path / "in")["findings"] if found["code"] == "BF308")
    assert "there is no right media type" in finding["fix"]["summary"]
    assert blobfix("to-registry-tree", tmp_path / "in", "-o", tmp_path / "tree", _ALLOW).code == 0
    assert image.manifest in contents(tmp_path / "tree").values()


def test_a_layer_that_was_repaired_is_looked_at_too(tmp_path: Path) -> None:
    """HTTP headers before a plain tar that is called gzip: what comes out behind them decides."""
    image = PLAIN_CALLED_GZIP
    folder = write_artifactory_folder(image, tmp_path / "in" / "team" / "app" / "1.4")
    layer = folder / image.layer_digests[0].file_name
    layer.write_bytes(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n" + image.layers[0])
    result = blobfix("to-registry-tree", tmp_path / "in", "-o", tmp_path / "tree", _ALLOW)
    assert result.code == 0, result.stderr
    assert labels_in(in_tree(tmp_path / "tree")) == [_PLAIN, _GZIP]
