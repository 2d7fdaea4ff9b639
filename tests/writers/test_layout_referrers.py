"""Lists of referrers in OCI layouts: an index under the tag ``sha256-<hex>``, as regctl keeps it.

The layouts of regctl are made here by its own rules (regclient, scheme/ocidir): the list is an entry of index.json
with that tag as its ref.name, and what it lists has no entry.
"""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from importer.domain.digest import Digest
from tests.blobfix import blobfix, contents
from tests.images.content import sample_layers
from tests.images.generated import make_image, write_artifactory_folder
from tests.programs.docker_registry import DockerRegistry
from tests.programs.skopeo import Skopeo
from tests.programs.umoci import Umoci
from tests.writers.test_referrers import referrer_to, tag_of

SHORT_NAME = "org.opencontainers.image.ref.name"
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
IMAGE = make_image(sample_layers("subject", 3000), docker=False)


def put(layout: Path, content: bytes) -> None:
    blobs = layout / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)
    (blobs / Digest.of(content).hex).write_bytes(content)


def entry_of(content: bytes, media_type: str, **others: Any) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": str(Digest.of(content)), "size": len(content), **others}


def entries(layout: Path) -> dict[str, dict[str, Any]]:
    """The entries of index.json that have a short name, by it."""
    manifests = json.loads((layout / "index.json").read_text())["manifests"]
    named = {entry.get("annotations", {}).get(SHORT_NAME): entry for entry in manifests}
    return {name: entry for name, entry in named.items() if name}


def list_in(layout: Path, subject: bytes) -> dict[str, Any]:
    """What regctl finds: the index under the subject's tag."""
    entry = entries(layout)[tag_of(subject)]
    content = (layout / "blobs" / "sha256" / entry["digest"].removeprefix("sha256:")).read_bytes()
    assert entry["mediaType"] == INDEX
    assert entry["size"] == len(content)
    assert str(Digest.of(content)) == entry["digest"]
    value: dict[str, Any] = json.loads(content)
    return value


def listed_in(layout: Path, subject: bytes) -> set[str]:
    return {entry["digest"] for entry in list_in(layout, subject)["manifests"]}


def index_bytes(*listed: dict[str, Any]) -> bytes:
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(listed)}, indent=1).encode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1.4")


@pytest.fixture
def referrers(folder: Path) -> list[bytes]:
    sbom = referrer_to(IMAGE, b"sbom", folder)
    return [sbom, referrer_to(sbom, b"signature", folder)]


@pytest.fixture
def regctl(referrers: list[bytes], folder: Path, tmp_path: Path) -> Path:
    """A layout as regctl leaves it: tags alone, and an entry with an annotation that nobody else writes."""
    layout = tmp_path / "regctl"
    for path in folder.iterdir():
        put(layout, path.read_bytes())
    sbom, signature = referrers
    lists = [
        index_bytes(entry_of(sbom, MANIFEST, annotations={"own": "note"})),
        index_bytes(entry_of(signature, MANIFEST)),
    ]
    for each in lists:
        put(layout, each)
    tags = ("1.4", tag_of(IMAGE.manifest), tag_of(sbom))
    documents = ((IMAGE.manifest, MANIFEST), *((each, INDEX) for each in lists))
    named = [
        entry_of(content, media_type, annotations={SHORT_NAME: tag})
        for tag, (content, media_type) in zip(tags, documents, strict=True)
    ]
    (layout / "index.json").write_bytes(index_bytes(*named))
    (layout / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    return layout


def test_a_layout_lists_them_under_the_tags_of_their_subjects(referrers: list[bytes], tmp_path: Path) -> None:
    sbom, signature = referrers
    result = blobfix("to-oci-layout", tmp_path / "in", "-o", tmp_path / "layout")
    assert result.code == 0, result.stderr
    (listed,) = list_in(tmp_path / "layout", IMAGE.manifest)["manifests"]
    assert listed == entry_of(sbom, MANIFEST, artifactType="application/vnd.example.sbom")
    assert listed_in(tmp_path / "layout", sbom) == {str(Digest.of(signature))}
    # No program takes the list for an image by a full name.
    assert set(entries(tmp_path / "layout")[tag_of(sbom)]["annotations"]) == {SHORT_NAME}


def test_written_again_the_layout_has_the_same_bytes(referrers: list[bytes], tmp_path: Path) -> None:
    assert referrers
    for output in ("layout", "layout.tar"):
        assert blobfix("to-oci-layout", tmp_path / "in", "-o", tmp_path / output).code == 0
    before = contents(tmp_path / "layout")
    assert blobfix("to-oci-layout", tmp_path / "in", "-o", tmp_path / "layout").code == 0
    assert contents(tmp_path / "layout") == before
    with tarfile.open(tmp_path / "layout.tar") as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    assert contents(tmp_path / "unpacked") == before


def test_a_list_is_added_to_and_never_replaced(referrers: list[bytes], folder: Path, tmp_path: Path) -> None:
    layout = tmp_path / "layout"
    assert blobfix("to-oci-layout", tmp_path / "in", "-o", layout).code == 0
    for name in ("sbom.json", "signature.json"):
        (folder / name).unlink()
    scanned = referrer_to(IMAGE, b"scan", folder)
    assert blobfix("to-oci-layout", tmp_path / "in", "-o", layout).code == 0
    assert listed_in(layout, IMAGE.manifest) == {str(Digest.of(each)) for each in (referrers[0], scanned)}
    assert listed_in(layout, referrers[0]) == {str(Digest.of(referrers[1]))}


def test_a_list_of_regctls_is_added_to(regctl: Path, folder: Path, referrers: list[bytes], tmp_path: Path) -> None:
    scanned = referrer_to(IMAGE, b"scan", folder)
    assert blobfix("to-oci-layout", tmp_path / "in", "-o", regctl, "--replace-tags").code == 0
    first, second = list_in(regctl, IMAGE.manifest)["manifests"]
    assert first == entry_of(referrers[0], MANIFEST, annotations={"own": "note"})
    assert second["digest"] == str(Digest.of(scanned))


def test_what_is_no_list_is_not_replaced(referrers: list[bytes], regctl: Path, tmp_path: Path) -> None:
    assert referrers
    text = (regctl / "index.json").read_text()
    value = json.loads(text)
    value["manifests"][1] |= entry_of(IMAGE.manifest, MANIFEST)
    (regctl / "index.json").write_text(json.dumps(value))
    before = contents(regctl)
    result = blobfix("to-oci-layout", tmp_path / "in", "-o", regctl, "--replace-tags")
    assert (result.code, "names no index" in result.stderr) == (2, True)
    assert contents(regctl) == before


def test_a_list_is_read_as_what_it_is(regctl: Path, tmp_path: Path) -> None:
    scan = blobfix("scan", regctl)
    assert scan.code == 0, scan.text
    short = str(IMAGE.manifest_digest)[:19]
    assert f"the list of referrers of {short}" in scan.text
    written = tmp_path / "layout"
    assert blobfix("to-oci-layout", regctl, "-n", "team/app:1.4", "-o", written).code == 0
    names = {image["name"] for image in blobfix("scan", written, "--format", "json").json["images"]}
    assert names >= {"team/app:1.4", f"team/app:{tag_of(IMAGE.manifest)}"}


def test_a_list_of_what_is_not_here_is_no_image_without_platforms(regctl: Path, referrers: list[bytes]) -> None:
    signature = referrers[1]
    (regctl / "blobs" / "sha256" / Digest.of(signature).hex).unlink()
    scan = blobfix("scan", regctl, "--format", "json")
    assert scan.code == 0, scan.stdout
    (finding,) = [each for each in scan.json["findings"] if each["digest"] == str(Digest.of(signature))]
    assert (finding["code"], finding["severity"]) == ("BF407", "info")


def test_from_layout_to_tree_to_layout_lists_keep_their_bytes(regctl: Path, tmp_path: Path) -> None:
    tree, layout, again = tmp_path / "tree", tmp_path / "layout", tmp_path / "again"
    result = blobfix("to-registry-tree", regctl, "-n", "team/app:1.4", "-o", tree)
    assert result.code == 0, result.stderr
    assert blobfix("to-oci-layout", tree, "-o", layout).code == 0
    assert blobfix("to-registry-tree", layout, "-o", again).code == 0
    assert contents(again) == contents(tree)
    own = {path.name: path.read_bytes() for path in (regctl / "blobs" / "sha256").iterdir()}
    assert {path.name: path.read_bytes() for path in (layout / "blobs" / "sha256").iterdir()} == own
    digests = {name: entry["digest"] for name, entry in entries(regctl).items()}
    assert {name: entry["digest"] for name, entry in entries(layout).items()} == digests


def test_an_image_that_is_picked_takes_its_list_along(referrers: list[bytes], tmp_path: Path) -> None:
    assert blobfix("to-registry-tree", tmp_path / "in", "-o", tmp_path / "tree").code == 0
    picked = blobfix("to-oci-layout", tmp_path / "tree", "--select", "team/app:1.4", "-o", tmp_path / "layout")
    assert picked.code == 0, picked.stderr
    assert listed_in(tmp_path / "layout", IMAGE.manifest) == {str(Digest.of(referrers[0]))}


def test_a_referrer_that_is_picked_does_not_take_its_lists_tag(referrers: list[bytes], tmp_path: Path) -> None:
    assert blobfix("to-registry-tree", tmp_path / "in", "-o", tmp_path / "tree").code == 0
    sbom = str(Digest.of(referrers[0]))
    picked = blobfix("to-registry-tree", tmp_path / "tree", "--select", sbom, "-o", tmp_path / "out")
    assert picked.code == 2, picked.text
    assert "needs a name" in picked.stderr
    assert not (tmp_path / "out").exists()


def test_a_list_with_a_damaged_entry_is_kept_with_the_others(
    regctl: Path, referrers: list[bytes], folder: Path, tmp_path: Path
) -> None:
    (regctl / "blobs" / "sha256" / Digest.of(b"sbom").hex).unlink()
    result = blobfix("to-registry-tree", regctl, "-n", "team/app:1.4", "-o", tmp_path / "tree")
    assert result.code == 0, result.stderr
    link = "docker/registry/v2/repositories/team/app/_manifests/tags/{}/current/link"
    digest = (tmp_path / "tree" / link.format(tag_of(IMAGE.manifest))).read_text()
    assert digest == entries(regctl)[tag_of(IMAGE.manifest)]["digest"]


def test_a_long_chain_of_referrers_is_followed(tmp_path: Path) -> None:
    folder = write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1.4")
    last = IMAGE.manifest
    for number in range(1200):
        last = referrer_to(last, b"%d" % number, folder)
    result = blobfix("to-oci-layout", tmp_path / "in", "-o", tmp_path / "layout", "--no-sync")
    assert result.code == 0, result.stderr[-500:]


@pytest.mark.real_programs
def test_skopeo_and_umoci_read_the_layout(referrers: list[bytes], skopeo: Skopeo, umoci: Umoci, tmp_path: Path) -> None:
    layout = tmp_path / "layout"
    assert blobfix("to-oci-layout", tmp_path / "in", "-o", layout).code == 0
    assert set(umoci.tags(layout)) == {"1.4", tag_of(IMAGE.manifest), tag_of(referrers[0])}
    assert umoci.stat(layout, "1.4")
    skopeo.copy(f"oci:{layout}:1.4", f"dir:{tmp_path / 'copy'}")
    assert (tmp_path / "copy" / "manifest.json").read_bytes() == IMAGE.manifest
    listed = json.loads(skopeo.raw_manifest(f"oci:{layout}:{tag_of(IMAGE.manifest)}"))
    assert [entry["digest"] for entry in listed["manifests"]] == [str(Digest.of(referrers[0]))]


@pytest.mark.real_programs
def test_what_came_from_a_layout_is_found_in_a_registry(
    regctl: Path, referrers: list[bytes], tmp_path: Path, serve_registry: Callable[..., DockerRegistry]
) -> None:
    """A list that names what isn't here would be refused whole; it is pushed with what is."""
    (regctl / "blobs" / "sha256" / Digest.of(b"signature").hex).unlink()
    shutil.copytree(regctl, tmp_path / "copy")
    registry = serve_registry(tmp_path / "registry")
    for _ in range(2):
        result = blobfix("push", tmp_path / "copy", f"{registry.host}/team/app:1.4")
        assert result.code == 0, result.stderr
    assert json.loads(registry.manifest("team/app", tag_of(IMAGE.manifest))) == list_in(regctl, IMAGE.manifest)
    assert registry.request(f"/v2/team/app/manifests/{tag_of(referrers[0])}").status == 404
