"""Schema 1 images, as a real registry makes them for clients that don't know better."""

from __future__ import annotations

import hashlib
import json
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.blobfix import blobfix
from tests.images.built import PushedImage
from tests.programs.docker_registry import DockerRegistry
from tests.programs.dockerd import Dockerd


@pytest.fixture
def schema1(download: Path, docker_registry: DockerRegistry, pushed_image: PushedImage) -> str:
    """Put the signed schema 1 form in the manifest's place, and take the config away; gives its digest."""
    request = urllib.request.Request(f"{docker_registry.url}/v2/{pushed_image.name}/manifests/{pushed_image.tag}")
    with urllib.request.urlopen(request, timeout=30) as answer:
        content, digest = answer.read(), answer.headers["Docker-Content-Digest"]
    assert json.loads(content)["schemaVersion"] == 1
    assert f"sha256:{hashlib.sha256(content).hexdigest()}" != digest
    (download / "manifest.json").write_bytes(content)
    (download / pushed_image.image_id.replace(":", "__")).unlink()
    return str(digest)


def test_is_explained_and_keeps_the_registrys_digest(schema1: str, download: Path) -> None:
    result = blobfix("scan", "--format", "json", download.parents[2])
    (image,) = result.json["images"]
    assert image["manifest_digest"] == schema1
    assert (image["name"], image["outputs"]["registry-tree"], image["outputs"]["docker-tar"]) == (
        "team/app:1.4",
        "exact",
        "none",
    )
    assert [f["code"] for f in result.json["findings"] if f["severity"] != "info"] == ["BF305"]


def test_the_registry_serves_it_as_it_was(
    schema1: str, download: Path, tmp_path: Path, serve_registry: Callable[..., DockerRegistry]
) -> None:
    assert blobfix("to-registry-tree", download.parents[2], "-o", tmp_path / "tree").code == 0
    served = serve_registry(tmp_path / "tree")
    answer = served.request("/v2/team/app/manifests/1.4")
    assert answer.headers["docker-content-digest"] == schema1


def test_converted_it_runs_in_docker_with_the_same_files_and_settings(
    schema1: str, download: Path, tmp_path: Path, dockerd: Dockerd, pushed_image: PushedImage
) -> None:
    tar = tmp_path / "image.tar"
    refused = blobfix("to-docker-tar", download.parents[2], "-o", tar)
    assert (refused.code, tar.exists()) == (4, False)
    assert "--convert-schema1" in refused.stderr
    result = blobfix("to-docker-tar", download.parents[2], "-o", tar, "--convert-schema1")
    assert result.code == 0, result.stderr
    assert schema1 in result.text
    dockerd.pull(pushed_image.reference)
    dockerd.load(tar)
    original, converted = dockerd.inspect(pushed_image.reference), dockerd.inspect("team/app:1.4")
    assert converted["RootFS"] == original["RootFS"]
    assert {key: converted["Config"][key] for key in ("Env", "Cmd", "WorkingDir", "User")} == {
        key: original["Config"][key] for key in ("Env", "Cmd", "WorkingDir", "User")
    }
