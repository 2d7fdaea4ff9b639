"""JSON as text: its encoding, and parsing that withstands hostile input.

Source: RFC 8259, sections 4 (names should be unique) and 8.1 (UTF-8, no byte order mark).
"""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from importer.domain.json_members import as_go_reads, is_too_deep
from importer.formats.http_headers import size_of_headers

MAX_DOCUMENT_SIZE: Final = 8 << 20
"""Bytes above which nothing is read as a document: registries refuse manifests above 4 MiB."""

_MAX_VALUES: Final = 500_000
"""Values above which nothing is read: each takes up to 250 bytes of memory; an index of 10,000 has 100,000."""


class TextForm(StrEnum):
    """The encoding of a JSON text."""

    UTF8 = "UTF-8"
    UTF8_CRLF = "UTF-8 with CRLF line ends"
    UTF8_BOM = "UTF-8 with a byte order mark"
    UTF16_LE = "UTF-16 (little endian)"
    UTF16_BE = "UTF-16 (big endian)"
    BEHIND_HEADERS = "UTF-8 behind the HTTP headers of the server's answer"


class UnreadableJsonError(ValueError):
    """The text is not JSON that every parser reads alike; the message says why."""


@dataclass(frozen=True, slots=True)
class JsonText:
    """The decoded text and its encoding."""

    text: str
    form: TextForm


def decode_json(content: bytes) -> JsonText:
    """Find the encoding and decode; raises UnreadableJsonError."""
    form, encoding = _form_of(content)
    try:
        return JsonText(content[size_of_headers(content) :].decode(encoding), form)
    except UnicodeDecodeError as error:
        raise UnreadableJsonError(f"not {form} text from byte {error.start} on") from error


def parse_json(text: str) -> Any:
    """Parse; duplicate names, NaN, and depth beyond reason are refused with UnreadableJsonError."""
    if has_too_many_values(text):
        raise UnreadableJsonError(f"more than {_MAX_VALUES:,} values, too many for a manifest or a config")
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise UnreadableJsonError("nested too deeply to be a manifest or a config") from error
    except json.JSONDecodeError as error:
        raise UnreadableJsonError(
            f"{error.msg.removesuffix(' at')} at line {error.lineno}, column {error.colno}"
        ) from error
    except ValueError as error:
        raise UnreadableJsonError(str(error)) from error
    if is_too_deep(value):
        raise UnreadableJsonError("nested too deeply to be a manifest or a config")
    return value


def has_too_many_values(text: str) -> bool:
    """Whether a text would take hundreds of MB once it is parsed."""
    return text.count(",") + text.count("{") + text.count("[") > _MAX_VALUES


def json_bytes(value: Any, *, indent: int | None = None) -> bytes:
    """Serialise a document: compact, or indented as docker (3) and BuildKit (2) do it.

    Strings may hold halves of surrogate pairs, which are written as Go would have read them.
    """
    separators = (",", ":") if indent is None else None
    return as_go_reads(json.dumps(value, indent=indent, separators=separators, ensure_ascii=False)).encode()


def _form_of(content: bytes) -> tuple[TextForm, str]:
    if size_of_headers(content):
        return TextForm.BEHIND_HEADERS, "utf-8"
    if content.startswith(codecs.BOM_UTF8):
        return TextForm.UTF8_BOM, "utf-8-sig"
    if content.startswith(codecs.BOM_UTF16_LE) or content[1:2] == b"\0":
        return TextForm.UTF16_LE, "utf-16" if content.startswith(codecs.BOM_UTF16_LE) else "utf-16-le"
    if content.startswith(codecs.BOM_UTF16_BE) or content[:1] == b"\0":
        return TextForm.UTF16_BE, "utf-16" if content.startswith(codecs.BOM_UTF16_BE) else "utf-16-be"
    return TextForm.UTF8_CRLF if b"\r\n" in content else TextForm.UTF8, "utf-8"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise UnreadableJsonError(f"the name {json.dumps(name[:80])} appears twice in one object")
            seen.add(name)
    return value


def _refuse_constant(constant: str) -> Any:
    raise UnreadableJsonError(f"{constant} is not a JSON value")
