"""A manifest whose text no program wrote that makes images isn't called the original."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from importer.domain.digest import Digest
from importer.recovery.documents.manifest_text import alteration_in
from tests.images.content import sample_layers
from tests.images.generated import make_image, make_index, write_artifactory_folder, write_artifactory_index
from tests.in_process import blobs_of_tree, run, scan

APP = make_image(sample_layers("altered", 15_000))
OCI = make_image(sample_layers("altered", 15_000), docker=False, annotations={"note": "<a> & b"})
INDEX = make_index([APP, make_image(sample_layers("altered", 15_000), architecture="arm64")])
VALUE = json.loads(APP.manifest)

Text = Callable[[Any], str]


def oci_order(value: Any) -> Any:
    """The document with each descriptor's digest before its size."""
    if isinstance(value, list):
        return [oci_order(each) for each in value]
    if isinstance(value, dict):
        first = [key for key in ("mediaType", "digest", "size") if key in value and "digest" in value]
        return {key: oci_order(value[key]) for key in (*first, *(key for key in value if key not in first))}
    return value


def typed_first(value: Any) -> Any:
    return {"mediaType": value["mediaType"], **value}


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def escaped(value: Any) -> str:
    return (
        compact(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("+", "\\u002B")
    )


WRITTEN: dict[str, Text] = {
    "docker and distribution": lambda value: json.dumps(value, indent=3),
    "BuildKit": lambda value: json.dumps(oci_order(value), indent=2),
    "nerdctl commit": lambda value: json.dumps(typed_first(oci_order(value)), indent=4),
    "go-containerregistry": compact,
    "containers/image": lambda value: compact(oci_order(value)),
    "umoci": lambda value: compact(oci_order(value)) + "\n",
    "an older buildah, without a type": lambda value: compact({k: v for k, v in value.items() if k != "mediaType"}),
    "Go and .NET, which escape": escaped,
    "oras-py": json.dumps,
}
CHANGED: dict[str, Text] = {
    "tabs": lambda value: json.dumps(value, indent="\t"),
    "tabs and sorted keys": lambda value: json.dumps(value, indent="\t", sort_keys=True),
    "sorted keys": lambda value: json.dumps(value, separators=(",", ":"), sort_keys=True),
    "an editor's two spaces": lambda value: json.dumps(value, indent=2),
    "an editor's four spaces": lambda value: json.dumps(value, indent=4),
    "eight spaces": lambda value: json.dumps(oci_order(value), indent=8),
    "jq": lambda value: json.dumps(oci_order(value), indent=2) + "\n",
    "jq -S": lambda value: json.dumps(value, indent=2, sort_keys=True) + "\n",
    "an editor's newline": lambda value: json.dumps(value, indent=3) + "\n",
    "one key moved": lambda value: compact(
        {**{k: v for k, v in value.items() if k != "config"}, "config": value["config"]}
    ),
    "spaces inside": lambda value: json.dumps(value, indent=3).replace('"layers": [', '"layers" : ['),
    "a blank line": lambda value: json.dumps(value, indent=3).replace("\n", "\n\n", 1),
}


@pytest.mark.parametrize("form", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("manifest", [APP.manifest, OCI.manifest], ids=["docker", "oci"])
def test_what_programs_write_is_plausible(form: Text, manifest: bytes) -> None:
    assert alteration_in(form(json.loads(manifest)).encode()) is None


@pytest.mark.parametrize("form", [*WRITTEN.values()][:6])
def test_so_are_their_indexes(form: Text) -> None:
    assert alteration_in(form(json.loads(INDEX.manifest)).encode()) is None


def test_an_index_of_docker_s_official_images() -> None:
    value = json.loads(INDEX.manifest) | {
        "manifests": [
            {
                "annotations": {"com.docker.official-images.bashbrew.arch": "amd64", "url": "https://x"},
                "digest": "sha256:" + "ab" * 32,
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "platform": {"architecture": "amd64", "os": "linux"},
                "size": 1022,
            }
        ]
    }
    assert alteration_in(json.dumps(value, separators=(",", ":"), sort_keys=True).replace("/", "\\/").encode()) is None


@pytest.mark.parametrize("form", CHANGED.values(), ids=CHANGED)
def test_what_no_program_writes_is_altered(form: Text) -> None:
    assert alteration_in(form(VALUE).encode())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = write_artifactory_folder(APP, tmp_path / "download" / "team" / "app" / "1.4")
    (place / "manifest.json").write_text(json.dumps(VALUE, indent="\t", sort_keys=True))
    return tmp_path / "download"


def altered(folder: Path) -> Path:
    return folder / "team" / "app" / "1.4" / "manifest.json"


def test_the_report_says_so(folder: Path) -> None:
    seen = scan(folder)
    assert (seen.code, seen.image["status"], seen.image["proof"]) == (1, "repairable", "altered")
    assert seen.image["outputs"] == {"registry-tree": "same-image", "docker-tar": "exact", "oci-layout": "same-image"}
    first = run("scan", folder).output
    assert "changed the text of a manifest" in first.splitlines()[0]
    assert "(altered" in first
    assert "warning BF307" in first


@pytest.mark.parametrize("command", ["to-registry-tree", "to-oci-layout"])
def test_it_is_written_only_where_a_new_digest_is_accepted(command: str, folder: Path, tmp_path: Path) -> None:
    outcome = run(command, folder, "-o", tmp_path / "out")
    assert outcome.code == 4
    assert "--allow-new-digest" in outcome.output
    assert not (tmp_path / "out").exists()
    assert run(command, folder, "-o", tmp_path / "out", "--allow-new-digest").code == 0
    content = altered(folder).read_bytes()
    assert content in [path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_docker_doesn_t_mind(folder: Path, tmp_path: Path) -> None:
    assert run("to-docker-tar", folder, "-o", tmp_path / "image.tar").code == 0


def test_its_own_digest_proves_it(folder: Path, tmp_path: Path) -> None:
    digest = Digest.of(altered(folder).read_bytes())
    seen = scan(folder, "--digest", str(digest))
    assert (seen.code, seen.image["proof"]) == (0, "proven")


def test_the_original_s_digest_brings_the_original_back(folder: Path, tmp_path: Path) -> None:
    altered(folder).write_text(json.dumps(VALUE, indent="\t"))
    given = ("--digest", str(APP.manifest_digest))
    assert scan(folder, *given).image["proof"] == "proven"
    assert run("to-registry-tree", folder, "-o", tmp_path / "tree", *given).code == 0
    assert blobs_of_tree(tmp_path / "tree")[APP.manifest_digest] == APP.manifest


def test_an_altered_index(tmp_path: Path) -> None:
    write_artifactory_index(INDEX, tmp_path / "in" / "team" / "app" / "1.4")
    path = tmp_path / "in" / "team" / "app" / "1.4" / "list.manifest.json"
    path.write_text(json.dumps(json.loads(INDEX.manifest), indent="\t"))
    seen = scan(tmp_path / "in")
    (index,) = [image for image in seen.report["images"] if image["kind"] == "index"]
    assert (seen.code, index["status"], index["proof"]) == (1, "repairable", "altered")
    assert index["outputs"] == {"registry-tree": "same-image", "docker-tar": "exact", "oci-layout": "same-image"}
    assert {image["proof"] for image in seen.report["images"] if image["parent"]} == {"proven"}
    assert run("to-registry-tree", tmp_path / "in", "-o", tmp_path / "tree").code == 4
    assert run("to-registry-tree", tmp_path / "in", "-o", tmp_path / "tree", "--allow-new-digest").code == 0
    assert path.read_bytes() in blobs_of_tree(tmp_path / "tree").values()


def test_an_unchanged_manifest_is_plausible_and_proven_by_its_neighbour(tmp_path: Path) -> None:
    place = write_artifactory_folder(APP, tmp_path / "app" / "1")
    assert scan(tmp_path).image["proof"] == "plausible"
    (place / "manifest.json.sha256").write_text(APP.manifest_digest.hex)
    assert scan(tmp_path).image["proof"] == "proven"


def test_a_config_alone_has_the_manifest_that_a_program_would_write(tmp_path: Path) -> None:
    place = write_artifactory_folder(APP, tmp_path / "app" / "1")
    (place / "manifest.json").unlink()
    assert scan(tmp_path).image["proof"] == "plausible"


@pytest.mark.parametrize("form", ["text", "concise", "html", "sarif"])
def test_every_report_says_so(form: str, tmp_path: Path) -> None:
    folder = write_artifactory_folder(APP, tmp_path / "in" / "team" / "app" / "1.4")
    before = run("scan", folder, "--format", form).output
    assert "another program has changed" not in before
    assert ("(unproven)" in before) is (form in ("text", "html"))
    (folder / "manifest.json").write_text(json.dumps(VALUE, indent="\t", sort_keys=True))
    said = run("scan", folder, "--format", form).output
    assert "BF307" in said
    assert "another program has changed the text of a manifest" in said
    if form in ("text", "html"):
        assert "altered: its digest has changed" in " ".join(said.split())


@pytest.mark.parametrize("form", ["text", "html"])
def test_a_proven_one_is_called_so(form: str, tmp_path: Path) -> None:
    folder = write_artifactory_folder(APP, tmp_path / "in" / "team" / "app" / "1.4")
    said = run("scan", folder, "--format", form, "--digest", str(APP.manifest_digest)).output
    assert "(proven)" in said
