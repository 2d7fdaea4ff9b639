"""Signatures and SBOMs without a name, which refer to an image by its digest: they go where it goes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from importer.domain.digest import Digest
from tests.blobfix import blobfix, contents
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, make_image, write_artifactory_folder
from tests.programs.docker_registry import DockerRegistry

IMAGE = make_image(sample_layers("subject", 3000))


def referrer_to(subject: GeneratedImage | bytes, content: bytes, folder: Path) -> bytes:
    """Write an artifact that says something of the subject, and give its manifest."""
    manifest = subject.manifest if isinstance(subject, GeneratedImage) else subject
    (folder / Digest.of(content).file_name).write_bytes(content)
    (folder / Digest.of(b"{}").file_name).write_bytes(b"{}")
    value = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": "application/vnd.example.sbom",
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": str(Digest.of(b"{}")), "size": 2},
        "layers": [{"mediaType": "text/plain", "digest": str(Digest.of(content)), "size": len(content)}],
        "subject": {
            "mediaType": json.loads(manifest)["mediaType"],
            "digest": str(Digest.of(manifest)),
            "size": len(manifest),
        },
    }
    made = json.dumps(value).encode()
    (folder / f"{content.decode()}.json").write_bytes(made)
    return made


def tag_of(subject: bytes) -> str:
    """Where clients of a registry without the referrers API look (distribution-spec, "Referrers Tag Schema")."""
    return str(Digest.of(subject)).replace(":", "-")


def listing_of(registry: DockerRegistry, repository: str, subject: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(registry.manifest(repository, tag_of(subject)))
    return value


def listed_for(registry: DockerRegistry, repository: str, subject: bytes) -> set[str]:
    return {entry["digest"] for entry in listing_of(registry, repository, subject)["manifests"]}


def assert_found(registry: DockerRegistry, repository: str, tag: str, referrers: list[bytes]) -> None:
    """A client finds the SBOM by the image, the signature by the SBOM, and both are there."""
    sbom, signature = referrers
    assert registry.manifest(repository, tag) == IMAGE.manifest
    assert str(Digest.of(sbom)) in listed_for(registry, repository, IMAGE.manifest)
    assert str(Digest.of(signature)) in listed_for(registry, repository, sbom)
    for manifest in referrers:
        assert registry.manifest(repository, str(Digest.of(manifest))) == manifest


@pytest.fixture
def referrers(tmp_path: Path) -> list[bytes]:
    """An image, an SBOM of it, and a signature of that."""
    folder = write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1.4")
    sbom = referrer_to(IMAGE, b"sbom", folder)
    return [sbom, referrer_to(sbom, b"signature", folder)]


def test_a_registry_serves_them_beside_the_image(
    referrers: list[bytes], tmp_path: Path, serve_registry: Callable[..., DockerRegistry]
) -> None:
    result = blobfix("to-registry-tree", tmp_path / "in", "-o", tmp_path / "tree")
    assert result.code == 0, result.stderr
    assert "refers to an image in team/app" in result.text
    registry = serve_registry(tmp_path / "tree")
    assert_found(registry, "team/app", "1.4", referrers)
    assert blobfix("repair-tree", tmp_path / "tree").code == 0
    assert set(registry.tags("team/app")) <= {"1.4", *(tag_of(each) for each in (IMAGE.manifest, *referrers))}


def test_garbage_collection_keeps_what_clients_find(
    referrers: list[bytes], tmp_path: Path, serve_registry: Callable[..., DockerRegistry]
) -> None:
    assert blobfix("to-registry-tree", tmp_path / "in", "-o", tmp_path / "tree").code == 0
    registry = serve_registry(tmp_path / "tree")
    registry.garbage_collect()
    assert_found(registry, "team/app", "1.4", referrers)


def test_garbage_collection_of_what_has_no_tag(
    referrers: list[bytes], tmp_path: Path, serve_registry: Callable[..., DockerRegistry]
) -> None:
    """docs/formats.md tells of it; a registry that keeps them would make it untrue."""
    assert blobfix("to-registry-tree", tmp_path / "in", "-o", tmp_path / "tree").code == 0
    registry = serve_registry(tmp_path / "tree")
    registry.garbage_collect(delete_untagged=True)
    assert registry.manifest("team/app", "1.4") == IMAGE.manifest
    assert registry.manifest("team/app", tag_of(IMAGE.manifest))
    assert registry.request(f"/v2/team/app/manifests/{Digest.of(referrers[0])}").status == 404


def test_a_push_replaces_nothing_that_is_no_list(
    referrers: list[bytes], tmp_path: Path, serve_registry: Callable[..., DockerRegistry]
) -> None:
    assert referrers
    registry = serve_registry(tmp_path / "registry")
    other = write_artifactory_folder(make_image(sample_layers("other", 100)), tmp_path / "other")
    taken = f"{registry.host}/team/app:{tag_of(IMAGE.manifest)}"
    assert blobfix("push", other, taken).code == 0
    result = blobfix("push", tmp_path / "in", f"{registry.host}/team/app:1.4")
    assert (result.code, "names no index" in result.stderr) == (2, True)
    assert registry.request("/v2/team/app/manifests/1.4").status == 404


def test_their_index_is_added_to_and_never_replaced(
    referrers: list[bytes], tmp_path: Path, serve_registry: Callable[..., DockerRegistry]
) -> None:
    tree = tmp_path / "tree"
    assert blobfix("to-registry-tree", tmp_path / "in", "-o", tree).code == 0
    written = contents(tree)
    assert blobfix("to-registry-tree", tmp_path / "in", "-o", tree).code == 0
    assert contents(tree) == written
    (tmp_path / "in" / "team" / "app" / "1.4" / "sbom.json").unlink()
    (tmp_path / "in" / "team" / "app" / "1.4" / "signature.json").unlink()
    scanned = referrer_to(IMAGE, b"scan", tmp_path / "in" / "team" / "app" / "1.4")
    assert blobfix("to-registry-tree", tmp_path / "in", "-o", tree).code == 0
    registry = serve_registry(tree)
    assert listed_for(registry, "team/app", IMAGE.manifest) == {
        str(Digest.of(manifest)) for manifest in (referrers[0], scanned)
    }


def test_a_tree_with_them_is_written_again_as_it_is(referrers: list[bytes], tmp_path: Path) -> None:
    assert blobfix("to-registry-tree", tmp_path / "in", "-o", tmp_path / "tree").code == 0
    assert blobfix("to-registry-tree", tmp_path / "tree", "-o", tmp_path / "copy").code == 0
    assert contents(tmp_path / "copy") == contents(tmp_path / "tree")
    assert blobfix("to-docker-tar", tmp_path / "tree", "-o", tmp_path / "image.tar").code == 0


def test_a_push_takes_them_along(
    referrers: list[bytes], tmp_path: Path, serve_registry: Callable[..., DockerRegistry]
) -> None:
    registry = serve_registry(tmp_path / "registry")
    assert blobfix("push", tmp_path / "in", f"{registry.host}/mirror/app:2").code == 0
    assert_found(registry, "mirror/app", "2", referrers)
    entry = listing_of(registry, "mirror/app", IMAGE.manifest)["manifests"][0]
    assert entry["artifactType"] == "application/vnd.example.sbom"
    assert blobfix("push", tmp_path / "in", f"{registry.host}/mirror/app:2").code == 0
    more = referrer_to(IMAGE, b"scan", tmp_path / "in" / "team" / "app" / "1.4")
    assert blobfix("push", tmp_path / "in", f"{registry.host}/mirror/app:2").code == 0
    wanted = {str(Digest.of(manifest)) for manifest in (referrers[0], more)}
    assert listed_for(registry, "mirror/app", IMAGE.manifest) == wanted
    registry.garbage_collect()
    assert_found(registry, "mirror/app", "2", [*referrers])


def test_a_name_is_the_images_own(referrers: list[bytes], tmp_path: Path) -> None:
    assert blobfix("to-oci-layout", tmp_path / "in", "-n", "other/app:2", "-o", tmp_path / "layout").code == 0
    entries = json.loads((tmp_path / "layout" / "index.json").read_text())["manifests"]
    assert {entry["digest"] for entry in entries} >= {str(Digest.of(manifest)) for manifest in referrers}


def test_docker_gets_the_image_alone(referrers: list[bytes], tmp_path: Path) -> None:
    assert referrers
    result = blobfix("to-docker-tar", tmp_path / "in", "-o", tmp_path / "image.tar")
    assert result.code == 0, result.stderr
    assert str(IMAGE.image_id) in result.text


def test_a_named_signature_does_not_keep_docker_from_the_image(tmp_path: Path) -> None:
    write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1.4")
    (tmp_path / "in" / "team" / "app" / "1.4.sig").mkdir()
    referrer_to(IMAGE, b"signature", tmp_path / "in" / "team" / "app" / "1.4.sig")
    place = tmp_path / "in" / "team" / "app" / "1.4.sig"
    (place / "signature.json").rename(place / "manifest.json")
    assert blobfix("to-docker-tar", tmp_path / "in", "-o", tmp_path / "image.tar").code == 0
    refused = blobfix("to-docker-tar", tmp_path / "in", "--select", "team/app:1.4.sig", "-o", tmp_path / "other.tar")
    assert refused.code == 4


def test_a_damaged_one_keeps_nobody_from_the_image(referrers: list[bytes], tmp_path: Path) -> None:
    assert referrers
    next((tmp_path / "in").rglob(Digest.of(b"sbom").file_name)).unlink()
    assert blobfix("scan", tmp_path / "in").code == 4
    result = blobfix("to-registry-tree", tmp_path / "in", "-o", tmp_path / "tree")
    assert result.code == 0, result.stderr
    scan = blobfix("scan", tmp_path / "in", "--select", "team/app:1.4", "--format", "json").json
    assert scan["summary"]["images"] == 3


def test_one_without_its_image_needs_a_name(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    referrer_to(IMAGE, b"sbom", tmp_path / "in")
    result = blobfix("to-registry-tree", tmp_path / "in", "-o", tmp_path / "tree")
    assert result.code == 2
    assert "needs a name" in result.stderr
