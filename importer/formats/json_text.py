"""JSON as text: which encoding it has, and parsing that survives hostile input.

Source: RFC 8259, sections 4 (names should be unique) and 8.1 (UTF-8, no byte order mark).
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from importer.formats.http_headers import size_of_headers

MAX_DOCUMENT_SIZE: Final = 8 << 20
"""Bytes above which nothing is read as a document: registries refuse manifests above 4 MiB."""

_MAX_DEPTH: Final = 128
"""Levels above which nothing is read: real documents have ten, and each reader gives up somewhere else."""


class TextForm(StrEnum):
    """How a JSON text is written down."""

    UTF8 = "UTF-8"
    UTF8_CRLF = "UTF-8 with CRLF line ends"
    UTF8_BOM = "UTF-8 with a byte order mark"
    UTF16_LE = "UTF-16 (little endian)"
    UTF16_BE = "UTF-16 (big endian)"
    BEHIND_HEADERS = "UTF-8 behind the HTTP headers of the server's answer"


class UnreadableJsonError(ValueError):
    """The text is not JSON that every reader understands alike; the message says why."""


@dataclass(frozen=True, slots=True)
class JsonText:
    """The decoded text, and the form it had."""

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


def is_too_deep(value: Any) -> bool:
    """Whether a parsed value has more levels than any honest document."""
    level = [value]
    for _ in range(_MAX_DEPTH):
        level = [child for each in level for child in _children(each) if isinstance(child, dict | list)]
        if not level:
            return False
    return True


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


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
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise UnreadableJsonError(f"the name {json.dumps(twice[:80])} stands twice in one object")
    return value


def _refuse_constant(constant: str) -> Any:
    raise UnreadableJsonError(f"{constant} is not a JSON value")
