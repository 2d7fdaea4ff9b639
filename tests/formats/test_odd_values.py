"""Each place of each document holds each kind of value once: readers answer with a fact or a ValueError."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import Any

import pytest

from importer.domain.json_members import text, text_map, whole_number
from importer.domain.run_settings import parse_run_settings
from importer.domain.schema1 import payload_of
from importer.formats.documents import Document, parse_document, read_document
from importer.formats.json_text import json_bytes
from importer.storage_tree.documents import read_manifest
from tests.odd_values import with_odd_values

DIGEST = "sha256:" + "ab" * 32
DESCRIPTOR = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": DIGEST, "size": 5}
PLATFORM = {"os": "linux", "architecture": "arm64", "variant": "v8"}
FULL = DESCRIPTOR | {"urls": ["https://x.example/a"], "annotations": {"a": "b"}, "platform": PLATFORM}
HISTORY = json.dumps({"architecture": "amd64", "container_config": {"Cmd": ["x"]}})

DOCUMENTS: dict[str, Any] = {
    "manifest": {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": "a/b",
        "config": DESCRIPTOR,
        "layers": [FULL],
        "subject": DESCRIPTOR,
        "annotations": {"a": "b"},
    },
    "index": {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [FULL]},
    "config": {
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [DIGEST]},
        "history": [{"created_by": "x"}],
        "config": {
            "Env": ["A=b"],
            "Cmd": ["x"],
            "Labels": {"a": "b"},
            "ExposedPorts": {"80/tcp": {}},
            "Healthcheck": {"Test": ["CMD", "x"], "Interval": 5},
        },
    },
    "schema1": {
        "schemaVersion": 1,
        "name": "a",
        "tag": "b",
        "architecture": "amd64",
        "fsLayers": [{"blobSum": DIGEST}],
        "history": [{"v1Compatibility": HISTORY}],
        "signatures": [{"protected": "e30"}],
    },
    "docker save": [{"Config": "a.json", "RepoTags": ["a:b"], "Layers": ["b.tar"]}],
    "error": {"errors": [{"status": 404, "code": "X", "message": "no"}]},
}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_no_value_of_a_document_surprises_its_readers(kind: str) -> None:
    tried = 0
    for value in with_odd_values(DOCUMENTS[kind]):
        content = json.dumps(value).encode()
        document = read_document(content)
        assert_can_be_used(document)
        assert_can_be_used(parse_document(content))
        read_manifest(content)
        json_bytes(value)
        if isinstance(value, dict):
            with suppress(ValueError):
                parse_run_settings(value)
            with suppress(ValueError):
                payload_of(content, value)
        tried += 1
    assert tried > 100


def assert_can_be_used(document: Document) -> None:
    """Whatever was parsed has values of the right types: it can be told apart, ordered and written."""
    for parsed in (document.manifest, document.index, document.schema1, document.config):
        hash(parsed)
        repr(parsed).encode()
    if document.manifest:
        descriptors = (document.manifest.config, *document.manifest.layers)
        assert all(isinstance(each.media_type, str) and type(each.size) is int for each in descriptors)
        assert all(isinstance(url, str) for each in descriptors for url in each.urls)
    if document.config:
        str(document.config.platform).encode()


@pytest.mark.parametrize("media_type", [{}, [], 5, None, True])
def test_a_media_type_of_another_kind_hides_nothing_else(media_type: object) -> None:
    document = read_document(json.dumps({"mediaType": media_type}).encode())
    assert document.error is None
    assert document.manifest is None


def test_numbers_are_held_to_their_range() -> None:
    assert whole_number({"size": 2**63 - 1}, "size") == 2**63 - 1
    for wrong in (2**63, -1, 1.0, "5", True, 10**400):
        with pytest.raises(ValueError, match="size is not an integer from 0"):
            whole_number({"size": wrong}, "size")


def test_half_a_surrogate_pair_is_read_as_go_reads_it() -> None:
    assert text({"a": "x\ud800"}, "a") == "x\ufffd"
    assert text_map({"a": {"\udfff": "\ud800"}}, "a") == {"\ufffd": "\ufffd"}
    assert json_bytes({"a": "\ud800"}) == '{"a":"\ufffd"}'.encode()


def test_a_number_too_long_for_python_is_refused_by_the_document() -> None:
    digits = "9" * (sys.get_int_max_str_digits() + 700)
    document = read_document(f'{{"schemaVersion":2,"config":{digits},"layers":[]}}'.encode())
    assert document.error
