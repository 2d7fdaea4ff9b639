"""Names of members as Go's decoder reads them: in any case, but never two for one field."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.formats.documents import Document, read_document
from importer.formats.go_names import with_field_names
from importer.formats.signatures import FileKind
from tests.images.generated import make_image, make_index

IMAGE = make_image([{"a": b"a"}])
INDEX = make_index([IMAGE])
SAVED = json.dumps([{"Config": "c.json", "RepoTags": ["app:1"], "Layers": ["l.tar"]}]).encode()


def respelt(value: Any, spell: Callable[[str], str]) -> Any:
    """The value with each name spelt otherwise."""
    if isinstance(value, dict):
        return {spell(name): respelt(member, spell) for name, member in value.items()}
    return [respelt(member, spell) for member in value] if isinstance(value, list) else value


def read(value: Any) -> Document:
    return read_document(json.dumps(value).encode())


@pytest.mark.parametrize("content", [IMAGE.manifest, IMAGE.config, INDEX.manifest, SAVED])
@pytest.mark.parametrize("spell", [str.upper, str.title, str.swapcase, lambda name: name.replace("s", "ſ")])
def test_documents_in_another_case_are_what_they_are(content: bytes, spell: Callable[[str], str]) -> None:
    right, other = read_document(content), read(respelt(json.loads(content), spell))
    assert (other.kind, other.problems, other.error) == (right.kind, (), None)
    assert (other.manifest, other.index, other.config) == (right.manifest, right.index, right.config)


@pytest.mark.parametrize(
    ("content", "spelling"),
    [
        (IMAGE.manifest, ("layers", "Layers")),
        (IMAGE.manifest, ("digest", "Digest")),
        (IMAGE.config, ("rootfs", "rootfS")),
        (IMAGE.config, ("diff_ids", "DIFF_IDS")),
        (INDEX.manifest, ("manifests", "maniFests")),
        (SAVED, ("Layers", "layers")),
    ],
)
@pytest.mark.parametrize("is_first", [False, True])
def test_two_members_for_one_field_are_refused(content: bytes, spelling: tuple[str, str], is_first: bool) -> None:
    def doubled(value: Any) -> Any:
        if isinstance(value, list):
            return [doubled(member) for member in value]
        if not isinstance(value, dict):
            return value
        members = {name: doubled(member) for name, member in value.items()}
        if spelling[0] not in members:
            return members
        extra = {spelling[1]: [] if isinstance(members[spelling[0]], list) else members[spelling[0]]}
        return extra | members if is_first else members | extra

    document = read(doubled(json.loads(content)))
    assert not document.is_valid
    assert "Go treats them as the same" in (document.error or "")


def test_names_that_are_free_stay_as_they_are() -> None:
    value = json.loads(IMAGE.config)
    labels = {"Digest": "a", "digest": "b", "layers": "c", "Layers": "d"}
    value["config"] = {"Labels": labels}
    document = read(value)
    assert document.is_valid
    assert document.value["config"]["Labels"] == labels


@pytest.mark.parametrize("name", ["layers", "Layers"])
def test_layers_that_are_null_are_none(name: str) -> None:
    value = json.loads(IMAGE.manifest)
    del value["layers"]
    document = read(value | {name: None})
    assert document.is_valid
    assert document.manifest
    assert document.manifest.layers == ()


@pytest.mark.parametrize(
    "value",
    [
        # docker image inspect --format '{{json .}}', skopeo inspect
        {"Id": "sha256:1", "Architecture": "amd64", "Os": "linux", "Config": {}, "RootFS": {"Type": "layers"}},
        {"Name": "host/app", "Digest": "sha256:1", "Architecture": "amd64", "Os": "linux", "Layers": ["sha256:2"]},
        {"Config": {"debug": True}, "Layers": None},
        {"MANIFESTS": {"a": "b"}},
    ],
)
def test_documents_of_other_programs_are_none_of_these(value: Any) -> None:
    assert read(value).kind is FileKind.JSON


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["layers", "Layers", "CONFIG", "config", "digest", "labels", "rootfs"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_value_is_read_and_read_again_alike(value: Any) -> None:
    once = with_field_names(value)
    if once.clash is None:
        again = with_field_names(once.value)
        assert (again.value, again.is_changed, again.clash) == (once.value, False, None)
    assert isinstance(read(value), Document)
