"""JSON as it may come: encodings, names twice, depth."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.domain.json_members import is_too_deep
from importer.formats.documents import read_document
from importer.formats.json_text import TextForm, UnreadableJsonError, decode_json, parse_json
from importer.formats.signatures import FileKind

TEXT = '{"name": "größe", "n": 1}'


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (TEXT.encode(), TextForm.UTF8),
        (b"\xef\xbb\xbf" + TEXT.encode(), TextForm.UTF8_BOM),
        (TEXT.encode("utf-16"), TextForm.UTF16_LE),
        (TEXT.encode("utf-16-le"), TextForm.UTF16_LE),
        (TEXT.encode("utf-16-be"), TextForm.UTF16_BE),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), TextForm.UTF16_BE),
    ],
)
def test_each_encoding_is_known_and_read(content: bytes, form: TextForm) -> None:
    decoded = decode_json(content)
    assert (decoded.text, decoded.form) == (TEXT, form)


@pytest.mark.parametrize("content", [b'{"a": "\xff"}', TEXT.encode("utf-16")[:-1], b"\xef\xbb\xbf\xff"])
def test_what_is_no_text_is_told(content: bytes) -> None:
    with pytest.raises(UnreadableJsonError, match="from byte"):
        decode_json(content)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1, "b": 2, "a": 1}', '"a" appears twice'),
        ('{"x": {"\\u0061": 1, "a": 2}}', '"a" appears twice'),
        ('{"a": NaN}', "NaN"),
        ('{"a": -Infinity}', "-Infinity"),
        ('{"a": 1}}', "Extra data at line 1"),
        ("{'a': 1}", "line 1, column 2"),
        ("", "line 1, column 1"),
        ("[" * 100_000, "too deeply"),
        ('{"a":' * 100_000, "too deeply"),
        ("[" * 500 + "]" * 500, "too deeply"),
        ("1" * 5000, "."),
    ],
)
def test_what_readers_disagree_on_is_refused(text: str, reason: str) -> None:
    with pytest.raises(UnreadableJsonError, match=reason.replace("{", r"\{")):
        parse_json(text)


def test_depth_is_counted_by_the_deepest() -> None:
    assert not is_too_deep([{"a": [[]] * 1000}] * 1000)
    assert not is_too_deep(json.loads("[" * 128 + "]" * 128))
    assert is_too_deep(json.loads("[" * 129 + "]" * 129))
    assert is_too_deep([1, {"a": json.loads("[" * 128 + "]" * 128)}])


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_honest_json_is_read(value: Any) -> None:
    assert parse_json(json.dumps(value)) == value


@given(st.binary(max_size=200), st.sampled_from([b"", b"{", b"[", b"\xff\xfe", b"\xef\xbb\xbf", b'{"layers":']))
def test_any_bytes_are_a_document_of_some_kind(data: bytes, start: bytes) -> None:
    assert isinstance(read_document(start + data).kind, FileKind)
