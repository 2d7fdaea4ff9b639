"""A docker save whose registry half lists no layers, while the half that docker loads lists them all (moby#47065)."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from tests.images.content import sample_layers
from tests.images.generated import make_image
from tests.in_process import run, scan

IMAGE = make_image(sample_layers("contradicted", 3000), "none")


def blob(folder: Path, content: bytes) -> str:
    """Put a blob into the layout; gives its path from the top."""
    name = f"blobs/sha256/{hashlib.sha256(content).hexdigest()}"
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return name


@pytest.fixture
def save(tmp_path: Path) -> Path:
    folder = tmp_path / "save"
    config = blob(folder, IMAGE.config)
    layers = [blob(folder, layer) for layer in IMAGE.layers]
    entry = {"Config": config, "RepoTags": ["team/app:1.4"], "Layers": layers}
    (folder / "manifest.json").write_text(json.dumps([entry]))
    oci_type = "application/vnd.oci.image"
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{oci_type}.manifest.v1+json",
        "config": {
            "mediaType": f"{oci_type}.config.v1+json",
            "digest": str(IMAGE.image_id),
            "size": len(IMAGE.config),
        },
        "layers": [],
    }
    content = json.dumps(manifest, separators=(",", ":")).encode()
    digest = blob(folder, content).rpartition("/")[2]
    child = {"mediaType": manifest["mediaType"], "digest": f"sha256:{digest}", "size": len(content)}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [child]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return folder


def test_the_report_promises_the_docker_tar_and_warns_of_the_rest(save: Path) -> None:
    seen = scan(save)
    (image,) = seen.report["images"]
    assert image["outputs"]["docker-tar"] == "exact"
    assert "BF402" in seen.codes("warning")
    assert seen.code == 1


def test_the_docker_tar_has_all_layers(save: Path, tmp_path: Path) -> None:
    outcome = run("to-docker-tar", save, "-o", tmp_path / "image.tar")
    assert outcome.code == 0, outcome.output
    with tarfile.open(tmp_path / "image.tar") as opened:
        (entry,) = json.load(opened.extractfile("manifest.json") or io.BytesIO())
        members = [opened.extractfile(name) for name in entry["Layers"]]
        assert [member.read() for member in members if member] == list(IMAGE.layers)
    assert entry["Config"].endswith(IMAGE.image_id.hex)


def test_a_layer_that_is_gone_is_not_promised(save: Path) -> None:
    (save / "blobs" / "sha256" / hashlib.sha256(IMAGE.layers[0]).hexdigest()).unlink()
    (image,) = scan(save).report["images"]
    assert image["outputs"]["docker-tar"] == "none"
