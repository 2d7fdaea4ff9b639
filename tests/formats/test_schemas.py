"""What each schema takes, what it refuses, and in which words."""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from importer.domain import media_types
from importer.domain.config import parse_config
from importer.domain.manifest import parse_index, parse_manifest
from importer.formats.schema_validation import SchemaName, SchemaViolation, load_schema, violations

Document = dict[str, Any]

FOLDER = Path(__file__).parents[2] / "schemas"
DIGESTS = [f"sha256:{digit * 64}" for digit in "0123456789abcdef"]


def descriptor(number: int, media_type: str, size: int = 1000, **more: object) -> Document:
    return {"mediaType": media_type, "size": size, "digest": DIGESTS[number], **more}


def docker_manifest() -> Document:
    foreign = media_types.DOCKER_FOREIGN_LAYER
    return {
        "schemaVersion": 2,
        "mediaType": media_types.DOCKER_MANIFEST,
        "config": descriptor(0, media_types.DOCKER_CONFIG, 1469),
        "layers": [
            descriptor(1, media_types.DOCKER_LAYER_GZIP, 2802957),
            descriptor(2, foreign, urls=["https://layers.invalid/base"]),
        ],
    }


def oci_manifest() -> Document:
    return {
        "schemaVersion": 2,
        "mediaType": media_types.OCI_MANIFEST,
        "config": descriptor(0, media_types.OCI_CONFIG),
        "layers": [descriptor(1, media_types.OCI_LAYER_GZIP), descriptor(2, media_types.OCI_LAYER_ZSTD)],
        "annotations": {"org.opencontainers.image.created": "2024-05-01T10:00:00Z"},
    }


def helm_manifest() -> Document:
    return {
        "schemaVersion": 2,
        "config": descriptor(0, "application/vnd.cncf.helm.config.v1+json", 117),
        "layers": [descriptor(1, "application/vnd.cncf.helm.chart.content.v1.tar+gzip")],
        "annotations": {"org.opencontainers.image.title": "chart"},
    }


def signature_manifest() -> Document:
    return {
        "schemaVersion": 2,
        "mediaType": media_types.OCI_MANIFEST,
        "artifactType": "application/vnd.example.signature",
        "config": descriptor(0, "application/vnd.oci.empty.v1+json", 2, data="e30="),
        "layers": [descriptor(0, "application/vnd.oci.empty.v1+json", 2)],
        "subject": descriptor(3, media_types.OCI_MANIFEST),
    }


def oci_index() -> Document:
    attestation = {"vnd.docker.reference.digest": DIGESTS[1], "vnd.docker.reference.type": "attestation-manifest"}
    unknown = {"architecture": "unknown", "os": "unknown"}
    return {
        "schemaVersion": 2,
        "mediaType": media_types.OCI_INDEX,
        "manifests": [
            descriptor(1, media_types.OCI_MANIFEST, platform={"architecture": "amd64", "os": "linux"}),
            descriptor(2, media_types.OCI_MANIFEST, platform={"architecture": "arm64", "os": "linux", "variant": "v8"}),
            descriptor(3, media_types.OCI_MANIFEST, platform=unknown, annotations=attestation),
        ],
    }


def docker_manifest_list() -> Document:
    windows = {"architecture": "amd64", "os": "windows", "os.version": "10.0.17763.1", "os.features": ["win32k"]}
    return {
        "schemaVersion": 2,
        "mediaType": media_types.DOCKER_MANIFEST_LIST,
        "manifests": [
            descriptor(1, media_types.DOCKER_MANIFEST, platform={"architecture": "amd64", "os": "linux"}),
            descriptor(2, media_types.DOCKER_MANIFEST, platform=windows),
        ],
    }


def docker_config() -> Document:
    return {
        "architecture": "amd64",
        "config": {
            "Hostname": "",
            "Env": ["PATH=/usr/bin"],
            "Cmd": ["sh"],
            "Entrypoint": None,
            "OnBuild": None,
            "Labels": {"maintainer": "nobody"},
            "ExposedPorts": {"80/tcp": {}},
            "Volumes": None,
            "WorkingDir": "",
            "Healthcheck": {"Test": ["CMD", "true"], "Interval": 30000000000},
        },
        "container_config": {"Tty": False},
        "created": "2020-01-18T01:19:37.187497623Z",
        "docker_version": "18.06.1-ce",
        "history": [
            {"created": "2020-01-18T01:19:37Z", "created_by": "ADD file"},
            {"created": "2020-01-18T01:19:38Z", "created_by": "CMD", "empty_layer": True},
        ],
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [DIGESTS[4]]},
    }


def minimal_config() -> Document:
    return {
        "created": "2024-05-01T10:00:00.5Z",
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [DIGESTS[4]]},
        "history": [{"created": "2024-05-01T10:00:00Z", "empty_layer": False}],
    }


def bare_config() -> Document:
    return {"architecture": "", "config": None, "history": None, "rootfs": {"type": "layers", "diff_ids": None}}


def barest_config() -> Document:
    return {"rootfs": {}}


def docker_save_manifest() -> list[Document]:
    return [
        {"Config": f"{'0' * 64}.json", "RepoTags": ["team/app:1.4"], "Layers": [f"{'1' * 64}/layer.tar"]},
        {"Config": "blobs/sha256/00", "RepoTags": None, "Layers": None, "LayerSources": {DIGESTS[1]: {}}},
        {"Config": "a.json", "Layers": []},
    ]


def docker_schema1() -> Document:
    return {
        "schemaVersion": 1,
        "name": "team/app",
        "tag": "1.4",
        "architecture": "amd64",
        "fsLayers": [{"blobSum": DIGESTS[1]}, {"blobSum": DIGESTS[2]}],
        "history": [{"v1Compatibility": '{"id":"a"}'}, {"v1Compatibility": '{"id":"b"}'}],
        "signatures": [{"header": {"alg": "ES256"}, "signature": "x", "protected": "y"}],
    }


def scan_report() -> Document:
    missing = {"role": "layer", "position": 0, "digest": DIGESTS[1], "size": 9, "status": "missing"}
    unproven = {"role": "manifest", "position": None, "digest": None, "size": 500, "status": "ok"}
    return {
        "schema_version": 1,
        "blobfix": "0.1.0",
        "inputs": ["."],
        "images": [
            {
                "name": "team/app:1.4",
                "names": ["team/app:1.4"],
                "kind": "image",
                "media_type": media_types.DOCKER_MANIFEST,
                "manifest_digest": None,
                "image_id": DIGESTS[0],
                "platform": "linux/amd64",
                "parent": None,
                "status": "incomplete",
                "proof": "plausible",
                "outputs": {"registry-tree": "none", "docker-tar": "same-image", "oci-layout": "exact"},
                "blobs": [
                    {**unproven, "path": "manifest.json", "rule": "manifest-unproven"},
                    {**missing, "path": None, "rule": None},
                ],
            }
        ],
        "files": [{"path": "manifest.json", "size": 500, "sha256": "0" * 64, "kind": "manifest", "used": True}],
        "findings": [
            {
                "code": "BF401",
                "rule": "blob-missing",
                "severity": "error",
                "certainty": "proven",
                "path": None,
                "digest": DIGESTS[1],
                "image": "team/app:1.4",
                "message": "A layer is not here.",
                "fix": {"safety": "none", "summary": "Download it."},
            }
        ],
        "downloads": [
            {
                "digest": DIGESTS[1],
                "size": 9,
                "have": 0,
                "reason": "missing",
                "file_name": "sha256__" + "1" * 64,
                "paths": ["team/app/1.4"],
                "command": None,
            }
        ],
        "unread": [{"path": "app.zip", "reason": "encrypted", "advice": "", "bytes": None}],
        "next": [{"command": "blobfix explain BF201", "purpose": "explain BF201 truncated"}],
        "summary": {
            "images": 1,
            "intact": 0,
            "repairable": 0,
            "incomplete": 1,
            "unread": 1,
            "files": 1,
            "bytes": 500,
        },
    }


def tree_report() -> Document:
    scanned = scan_report()
    counts = ("found", "left", "repositories", "tags", "tags_served", "manifests", "manifests_served", "blobs", "bytes")
    return {
        "schema_version": 1,
        "blobfix": "0.1.0",
        "root": "/srv/registry",
        "quick": False,
        "applied": True,
        "findings": scanned["findings"],
        "left": scan_report()["findings"],
        "downloads": scanned["downloads"],
        "next": scanned["next"],
        "restart": True,
        "summary": dict.fromkeys(counts, 1),
    }


BUILDERS: dict[SchemaName, Callable[[], Any]] = {
    SchemaName.DOCKER_MANIFEST: docker_manifest,
    SchemaName.DOCKER_MANIFEST_LIST: docker_manifest_list,
    SchemaName.DOCKER_SAVE_MANIFEST: docker_save_manifest,
    SchemaName.DOCKER_SCHEMA1: docker_schema1,
    SchemaName.IMAGE_CONFIG: docker_config,
    SchemaName.OCI_INDEX: oci_index,
    SchemaName.OCI_MANIFEST: oci_manifest,
    SchemaName.SCAN_REPORT: scan_report,
    SchemaName.TREE_REPORT: tree_report,
}

MORE_VALID: list[tuple[SchemaName, Callable[[], Any]]] = [
    (SchemaName.OCI_MANIFEST, helm_manifest),
    (SchemaName.OCI_MANIFEST, signature_manifest),
    (SchemaName.IMAGE_CONFIG, minimal_config),
    (SchemaName.IMAGE_CONFIG, bare_config),
    (SchemaName.IMAGE_CONFIG, barest_config),
]

DOMAIN_READERS: dict[SchemaName, Callable[[Any], object]] = {
    SchemaName.DOCKER_MANIFEST: parse_manifest,
    SchemaName.OCI_MANIFEST: parse_manifest,
    SchemaName.DOCKER_MANIFEST_LIST: parse_index,
    SchemaName.OCI_INDEX: parse_index,
    SchemaName.IMAGE_CONFIG: parse_config,
}


def steps(pointer: str) -> list[str | int]:
    return [int(step) if step.isdigit() else step for step in pointer.split("/")[1:]]


def changed(document: Any, pointer: str, value: object) -> Any:
    """A copy of the document with another value at the pointer; a member may be new."""
    *way, last = steps(pointer)
    result = copy.deepcopy(document)
    target = result
    for step in way:
        target = target[step]
    target[last] = value
    return result


def without(document: Any, pointer: str) -> Any:
    *way, last = steps(pointer)
    result = copy.deepcopy(document)
    target = result
    for step in way:
        target = target[step]
    del target[last]
    return result


def subschemas(schema: Any) -> Iterator[Document]:
    """Every schema inside a schema that a value in a document can be held to."""
    yield schema
    for name in ("properties", "$defs"):
        for inner in schema.get(name, {}).values():
            yield from subschemas(inner)
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield from subschemas(schema[name])


def test_every_schema_file_has_a_name() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.schema.json" for name in SchemaName}


@pytest.mark.parametrize("name", SchemaName)
class TestSchemaItself:
    def test_is_valid(self, name: SchemaName) -> None:
        Draft202012Validator.check_schema(load_schema(name))

    def test_introduces_itself(self, name: SchemaName) -> None:
        schema = load_schema(name)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["$id"] == f"https://blobfix.invalid/schemas/{name}.schema.json"
        assert schema["title"]
        assert any(source in schema["description"] for source in ("OCI image-spec", "Docker Image"))

    def test_can_be_quoted_wherever_it_refuses(self, name: SchemaName) -> None:
        refusing = {"type", "enum", "const", "pattern", "minimum", "maximum", "minItems", "not"}
        for schema in subschemas(load_schema(name)):
            assert "description" in schema or not refusing & set(schema), schema

    def test_describes_every_member_it_requires(self, name: SchemaName) -> None:
        for schema in subschemas(load_schema(name)):
            assert set(schema.get("required", ())) <= set(schema.get("properties", ())), schema

    def test_agrees_with_the_others_on_what_they_share(self, name: SchemaName) -> None:
        for other in SchemaName:
            theirs = load_schema(other).get("$defs", {})
            for key, definition in load_schema(name).get("$defs", {}).items():
                assert theirs.get(key, definition) == definition


@pytest.mark.parametrize(("name", "build"), [*BUILDERS.items(), *MORE_VALID])
class TestValidDocument:
    def test_passes(self, name: SchemaName, build: Callable[[], Any]) -> None:
        assert violations(build(), name) == ()

    def test_passes_a_validator_that_knows_nothing_of_us(self, name: SchemaName, build: Callable[[], Any]) -> None:
        Draft202012Validator(load_schema(name)).validate(build())


@pytest.mark.parametrize(
    "name", [name for name in SchemaName if name not in (SchemaName.SCAN_REPORT, SchemaName.TREE_REPORT)]
)
def test_unknown_members_pass(name: SchemaName) -> None:
    def with_more(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: with_more(inner) for key, inner in value.items()} | {"x-unknown": "words"}
        return [with_more(inner) for inner in value] if isinstance(value, list) else value

    assert violations(with_more(BUILDERS[name]()), name) == ()


@pytest.mark.parametrize(
    ("name", "pointer", "value"),
    [
        (SchemaName.DOCKER_MANIFEST, "/layers", []),
        (SchemaName.DOCKER_MANIFEST, "/layers/0/mediaType", "application/x-something"),
        (SchemaName.DOCKER_MANIFEST, "/layers/0/urls", None),
        (SchemaName.DOCKER_MANIFEST, "/layers/0/size", 0),
        (SchemaName.OCI_MANIFEST, "/mediaType", None),
        (SchemaName.OCI_MANIFEST, "/mediaType", ""),
        (SchemaName.OCI_MANIFEST, "/annotations", None),
        (SchemaName.OCI_MANIFEST, "/subject", None),
        (SchemaName.OCI_MANIFEST, "/layers/0/digest", "blake3:" + "0" * 64),
        (SchemaName.OCI_MANIFEST, "/layers/0/digest", "sha512:" + "0" * 128),
        (SchemaName.OCI_MANIFEST, "/layers/0/digest", "sha256+b64:" + "Zm9v_-="),
        (SchemaName.OCI_INDEX, "/manifests", []),
        (SchemaName.OCI_INDEX, "/manifests/0/platform", None),
        (SchemaName.OCI_INDEX, "/manifests/0/platform", {}),
        (SchemaName.OCI_INDEX, "/manifests/0/platform/os.features", None),
        (SchemaName.DOCKER_MANIFEST_LIST, "/manifests/0/platform/features", ["sse4"]),
        (SchemaName.IMAGE_CONFIG, "/rootfs/diff_ids", []),
        (SchemaName.IMAGE_CONFIG, "/created", "yesterday"),
        (SchemaName.IMAGE_CONFIG, "/config/Env", None),
        (SchemaName.IMAGE_CONFIG, "/variant", None),
        (SchemaName.DOCKER_SCHEMA1, "/signatures", None),
        (SchemaName.DOCKER_SAVE_MANIFEST, "/0/RepoTags", []),
    ],
)
def test_takes_what_registries_and_docker_take(name: SchemaName, pointer: str, value: object) -> None:
    assert violations(changed(BUILDERS[name](), pointer, value), name) == ()


@pytest.mark.parametrize("name", [SchemaName.OCI_MANIFEST, SchemaName.OCI_INDEX])
def test_an_oci_document_needs_no_media_type(name: SchemaName) -> None:
    assert violations(without(BUILDERS[name](), "/mediaType"), name) == ()


BREAKS = [
    (SchemaName.DOCKER_MANIFEST, "/schemaVersion", 1, "the number 2", "1"),
    (SchemaName.DOCKER_MANIFEST, "/schemaVersion", "2", "the number 2", '"2"'),
    (SchemaName.DOCKER_MANIFEST, "/schemaVersion", True, "the number 2", "true"),
    (SchemaName.DOCKER_MANIFEST, "/schemaVersion", 2.0, "the number 2", "2.0"),
    (SchemaName.DOCKER_MANIFEST, "/mediaType", media_types.OCI_MANIFEST, media_types.DOCKER_MANIFEST, "oci"),
    (SchemaName.DOCKER_MANIFEST, "/config", None, "config's descriptor", "null"),
    (SchemaName.DOCKER_MANIFEST, "/config", [1, 2], "config's descriptor", "a list, entries: 2"),
    (SchemaName.DOCKER_MANIFEST, "/layers", {"a": 1}, "a list", "an object, members: 1"),
    (SchemaName.DOCKER_MANIFEST, "/layers", None, "a list", "null"),
    (SchemaName.DOCKER_MANIFEST, "/layers/1", DIGESTS[0], "layer's descriptor", '"sha256:'),
    (SchemaName.DOCKER_MANIFEST, "/layers/1/size", -1, "a non-negative integer", "-1"),
    (SchemaName.DOCKER_MANIFEST, "/layers/1/size", "12", "a non-negative integer", '"12"'),
    (SchemaName.DOCKER_MANIFEST, "/layers/1/size", 12.5, "a non-negative integer", "12.5"),
    (SchemaName.DOCKER_MANIFEST, "/layers/1/size", 1000.0, "a non-negative integer", "1000.0"),
    (SchemaName.DOCKER_MANIFEST, "/layers/1/size", False, "a non-negative integer", "false"),
    (SchemaName.DOCKER_MANIFEST, "/layers/1/size", 2**63, "a non-negative integer", "9223372036854775808"),
    (SchemaName.DOCKER_MANIFEST, "/layers/1/digest", "sha256:" + "0" * 63, "64 lower-case hex digits", "sha256:"),
    (SchemaName.DOCKER_MANIFEST, "/layers/1/digest", "sha256:" + "A" * 64, "64 lower-case hex digits", "sha256:"),
    (SchemaName.DOCKER_MANIFEST, "/layers/1/digest", DIGESTS[0] + "\n", "64 lower-case hex digits", "\\n"),
    (SchemaName.DOCKER_MANIFEST, "/layers/1/digest", "0" * 64, "64 lower-case hex digits", "0000"),
    (SchemaName.DOCKER_MANIFEST, "/layers/1/digest", "sha512:" + "0" * 64, "a digest", "sha512:"),
    (SchemaName.DOCKER_MANIFEST, "/layers/1/digest", "", "a digest", '""'),
    (SchemaName.DOCKER_MANIFEST, "/layers/1/digest", 7, "a digest", "7"),
    (SchemaName.DOCKER_MANIFEST, "/layers/1/urls", "https://layers.invalid", "a list of strings", "layers.invalid"),
    (SchemaName.DOCKER_MANIFEST, "/layers/1/urls/0", 1, "a string", "1"),
    (SchemaName.DOCKER_MANIFEST, "/manifests", [], "index", "a list, entries: 0"),
    (SchemaName.DOCKER_MANIFEST_LIST, "/mediaType", media_types.OCI_INDEX, media_types.DOCKER_MANIFEST_LIST, "oci"),
    (SchemaName.DOCKER_MANIFEST_LIST, "/manifests/1/digest", "latest", "a digest", '"latest"'),
    (SchemaName.OCI_MANIFEST, "/mediaType", media_types.OCI_INDEX, "manifest.v1+json", "index"),
    (SchemaName.OCI_MANIFEST, "/annotations", ["a"], "an object whose values are strings", "a list"),
    (SchemaName.OCI_MANIFEST, "/subject", "sha256:", "the descriptor of another manifest", '"sha256:"'),
    (SchemaName.OCI_INDEX, "/manifests", "none", "a list", '"none"'),
    (SchemaName.OCI_INDEX, "/manifests/0/platform", "linux/amd64", "a platform", '"linux/amd64"'),
    (SchemaName.OCI_INDEX, "/manifests/0/platform/os", 1, "operating system", "1"),
    (SchemaName.OCI_INDEX, "/config", None, "a manifest", "null"),
    (SchemaName.OCI_INDEX, "/layers", [], "a manifest", "a list"),
    (SchemaName.IMAGE_CONFIG, "/architecture", 5, "CPU architecture", "5"),
    (SchemaName.IMAGE_CONFIG, "/rootfs", None, "an object with diff_ids", "null"),
    (SchemaName.IMAGE_CONFIG, "/rootfs/type", ["layers"], "a kind of file system", "a list"),
    (SchemaName.IMAGE_CONFIG, "/rootfs/diff_ids", DIGESTS[0], "a list", '"sha256:'),
    (SchemaName.IMAGE_CONFIG, "/rootfs/diff_ids/0", "sha256:0", "64 lower-case hex digits", '"sha256:0"'),
    (SchemaName.IMAGE_CONFIG, "/history", {}, "a list", "an object, members: 0"),
    (SchemaName.IMAGE_CONFIG, "/history/1/empty_layer", "yes", "true, false", '"yes"'),
    (SchemaName.IMAGE_CONFIG, "/config", "sh", "an object", '"sh"'),
    (SchemaName.IMAGE_CONFIG, "/config/Env", "PATH=/", "a list of strings", '"PATH=/"'),
    (SchemaName.IMAGE_CONFIG, "/config/Labels/maintainer", 1, "a string", "1"),
    (SchemaName.DOCKER_SAVE_MANIFEST, "/0/Config", None, "path of the config", "null"),
    (SchemaName.DOCKER_SAVE_MANIFEST, "/0/RepoTags", "team/app:1.4", "a list of strings", '"team/app:1.4"'),
    (SchemaName.DOCKER_SAVE_MANIFEST, "/0/Layers/0", {}, "path of a layer", "an object"),
    (SchemaName.DOCKER_SCHEMA1, "/schemaVersion", 2, "the number 1", "2"),
    (SchemaName.DOCKER_SCHEMA1, "/fsLayers", [], "at least one", "a list, entries: 0"),
    (SchemaName.DOCKER_SCHEMA1, "/fsLayers/1/blobSum", "tarsum+sha256:", "a digest", "tarsum"),
    (SchemaName.DOCKER_SCHEMA1, "/history/0/v1Compatibility", {"id": "a"}, "holds a JSON object", "an object"),
    (SchemaName.SCAN_REPORT, "/schema_version", 2, "the number 1", "2"),
    (SchemaName.SCAN_REPORT, "/images/0/status", "fine", "intact, repairable, incomplete", '"fine"'),
    (SchemaName.SCAN_REPORT, "/images/0/outputs/docker-tar", None, "exact, same-image, none", "null"),
    (SchemaName.SCAN_REPORT, "/images/0/blobs/1/digest", None, "only a manifest's may be null", "null"),
    (SchemaName.SCAN_REPORT, "/images/0/blobs/1/rule", "Not A Rule", "name of the rule", '"Not A Rule"'),
    (SchemaName.SCAN_REPORT, "/findings/0/code", "BF1", "BF and three digits", '"BF1"'),
    (SchemaName.SCAN_REPORT, "/findings/0/code", "BF101\n", "BF and three digits", "\\n"),
    (SchemaName.SCAN_REPORT, "/files/0/sha256", DIGESTS[0], "64 lower-case hex digits", "sha256:"),
    (SchemaName.SCAN_REPORT, "/summary/bytes", -1, "a non-negative integer", "-1"),
]


@pytest.mark.parametrize(("name", "pointer", "value", "expected", "found"), BREAKS)
def test_says_where_and_what(name: SchemaName, pointer: str, value: object, expected: str, found: str) -> None:
    (violation,) = violations(changed(BUILDERS[name](), pointer, value), name)
    assert violation.pointer == pointer
    assert expected in violation.expected
    assert found in violation.found


@pytest.mark.parametrize(
    ("name", "pointer", "expected"),
    [
        (SchemaName.DOCKER_MANIFEST, "/mediaType", media_types.DOCKER_MANIFEST),
        (SchemaName.DOCKER_MANIFEST, "/config/digest", "a digest such as sha256: and 64 lower-case hex digits"),
        (SchemaName.OCI_MANIFEST, "/layers/1/size", "a size in bytes"),
        (SchemaName.OCI_INDEX, "/manifests", "the manifests' descriptors"),
        (SchemaName.IMAGE_CONFIG, "/rootfs", "an object with diff_ids"),
        (SchemaName.DOCKER_SAVE_MANIFEST, "/2/Layers", "the paths of the layers"),
        (SchemaName.DOCKER_SCHEMA1, "/fsLayers/0/blobSum", "a digest"),
        (SchemaName.SCAN_REPORT, "/images/0/blobs/0/digest", "a digest"),
    ],
)
def test_a_missing_member_is_reported_where_it_should_be(name: SchemaName, pointer: str, expected: str) -> None:
    (violation,) = violations(without(BUILDERS[name](), pointer), name)
    assert (violation.pointer, violation.found) == (pointer, "nothing")
    assert expected in violation.expected


@pytest.mark.parametrize("way", ["", "/images/0", "/images/0/outputs", "/images/0/blobs/0", "/files/0", "/findings/0"])
def test_the_report_is_closed(way: str) -> None:
    (violation,) = violations(changed(scan_report(), f"{way}/more", 1), SchemaName.SCAN_REPORT)
    assert violation.pointer == way
    assert violation.expected.startswith("no members but ")


@pytest.mark.parametrize(
    ("document", "name", "expected"),
    [
        ([{"Config": "a.json", "Layers": []}], SchemaName.OCI_MANIFEST, "an OCI image manifest"),
        (None, SchemaName.DOCKER_MANIFEST, "a Docker image manifest"),
        ({}, SchemaName.DOCKER_SAVE_MANIFEST, "a docker save manifest.json: a list"),
        ("<html>", SchemaName.IMAGE_CONFIG, "an image config"),
    ],
)
def test_a_document_of_another_shape_is_one_violation(document: object, name: SchemaName, expected: str) -> None:
    (violation,) = violations(document, name)
    assert violation.pointer == ""
    assert violation.expected.startswith(expected)


def test_pointers_are_escaped() -> None:
    broken = {**oci_manifest(), "annotations": {"a/b~c": 1}}
    assert [v.pointer for v in violations(broken, SchemaName.OCI_MANIFEST)] == ["/annotations/a~1b~0c"]


def test_the_order_is_the_documents_own() -> None:
    broken = {
        "layers": [descriptor(1, "x", -1), {"size": "a", "digest": "b", "mediaType": 3}],
        "config": 1,
        "schemaVersion": 3,
    }
    assert [v.pointer for v in violations(broken, SchemaName.DOCKER_MANIFEST)] == [
        "/layers/0/size",
        "/layers/1/size",
        "/layers/1/digest",
        "/layers/1/mediaType",
        "/config",
        "/schemaVersion",
        "/mediaType",
    ]


def test_the_limit_takes_the_first() -> None:
    broken = {**oci_manifest(), "layers": [0] * 5000}
    found = violations(broken, SchemaName.OCI_MANIFEST)
    assert [v.pointer for v in found] == [f"/layers/{n}" for n in range(20)]
    assert violations(broken, SchemaName.OCI_MANIFEST, limit=1) == found[:1]


@pytest.mark.parametrize(
    "value",
    ["\x1b[31mred\x07\x7f", "\u202eabc", "\ud800", "x" * 10**6, "\0" * 500, "1" * 79, float("inf")],
    ids=["escape", "direction", "surrogate", "huge", "zeros", "brim", "infinite"],
)
def test_what_was_found_is_short_and_printable(value: object) -> None:
    broken = changed(docker_manifest(), "/layers/0/digest", value)
    (violation,) = violations(broken, SchemaName.DOCKER_MANIFEST)
    assert len(violation.found) <= 80
    assert violation.found.isascii()
    assert violation.found.isprintable()


def deep(levels: int) -> object:
    value: object = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("build", [lambda: deep(50_000), lambda: 10**5000], ids=["deep", "long"])
@pytest.mark.parametrize("pointer", ["/config", "/layers/0/size", "/annotations"])
def test_a_monstrous_value_is_one_violation(build: Callable[[], object], pointer: str) -> None:
    assert violations(changed(oci_manifest(), pointer, build()), SchemaName.OCI_MANIFEST) == (
        SchemaViolation(
            "", "a document of ordinary depth and with numbers of ordinary length", "an object, members: 5"
        ),
    )


def test_depth_where_nobody_looks_is_no_violation() -> None:
    assert violations({**oci_manifest(), "x-unknown": deep(50_000)}, SchemaName.OCI_MANIFEST) == ()


def required_pointers(schema: Document, root: Document, value: Any, pointer: str = "") -> Iterator[str]:
    """Every member in a document that its schema requires."""
    if "$ref" in schema:
        schema = {**schema, **root["$defs"][schema["$ref"].rsplit("/", 1)[1]]}
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from required_pointers(schema.get("items", {}), root, inner, f"{pointer}/{index}")
    if isinstance(value, dict):
        yield from (f"{pointer}/{name}" for name in schema.get("required", ()))
        for name, inner in value.items():
            yield from required_pointers(schema.get("properties", {}).get(name, {}), root, inner, f"{pointer}/{name}")


REQUIRED = [
    (name, pointer)
    for name, build in BUILDERS.items()
    for pointer in required_pointers(load_schema(name), load_schema(name), build())
]

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


def test_there_are_required_members_to_try() -> None:
    assert {name for name, _ in REQUIRED} == set(SchemaName)
    assert len(REQUIRED) > 100


@given(st.sampled_from(REQUIRED))
def test_removing_a_required_member_is_reported_at_its_place(choice: tuple[SchemaName, str]) -> None:
    name, pointer = choice
    assert [v.pointer for v in violations(without(BUILDERS[name](), pointer), name)] == [pointer]


def json_type(value: object) -> str:
    return "number" if type(value) in (int, float) else type(value).__name__


def value_at(document: Any, pointer: str) -> Any:
    for step in steps(pointer):
        document = document[step]
    return document


@given(st.sampled_from(REQUIRED), ANY_JSON)
def test_another_type_in_a_required_member_is_reported_there(choice: tuple[SchemaName, str], value: object) -> None:
    name, pointer = choice
    document = BUILDERS[name]()
    nullable = name in (SchemaName.SCAN_REPORT, SchemaName.TREE_REPORT, SchemaName.DOCKER_SAVE_MANIFEST)
    was = value_at(document, pointer)
    assume(json_type(value) != json_type(was))
    assume(not nullable or None not in (value, was))
    found = violations(changed(document, pointer, value), name)
    assert found
    assert all(pointer == v.pointer or pointer.startswith(f"{v.pointer}/") for v in found)


def every_pointer(value: Any, pointer: str = "") -> Iterator[str]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in inner:
        yield f"{pointer}/{step}"
        yield from every_pointer(child, f"{pointer}/{step}")


@given(st.data())
def test_what_a_schema_accepts_can_be_read(data: st.DataObject) -> None:
    """A document gets no further than its schema, or the domain understands it: no third way."""
    name = data.draw(st.sampled_from(sorted(DOMAIN_READERS)))
    document = BUILDERS[name]()
    pointer = data.draw(st.sampled_from([place for place in every_pointer(document) if "80/tcp" not in place]))
    broken = changed(document, pointer, data.draw(ANY_JSON))
    if not violations(broken, name):
        DOMAIN_READERS[name](broken)


def test_found_is_never_more_than_a_line_of_json() -> None:
    (violation,) = violations(changed(oci_manifest(), "/layers/0/digest", '\n"quoted"'), SchemaName.OCI_MANIFEST)
    assert json.loads(violation.found) == '\n"quoted"'
