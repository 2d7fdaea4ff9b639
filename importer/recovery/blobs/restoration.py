r"""Forms that a JSON document may have had before a program changed its text.

A form is only a candidate: the digest that was wanted decides. Writers' habits, from their
sources: docker and distribution indent manifests by three spaces without a newline at the end
(distribution, manifest/schema2/manifest.go), BuildKit by two (exporter/containerimage/writer.go),
go-containerregistry and all writers of configs write compact JSON; Go's encoder writes ``<``,
``>`` and ``&`` as ``\u003c``, ``\u003e`` and ``\u0026`` (encoding/json); Python's writes one line with
a space after each comma and colon (json.dumps).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from importer.domain.json_members import is_too_deep
from importer.formats.http_headers import size_of_headers
from importer.formats.json_text import TextForm, UnreadableJsonError, decode_json, has_too_many_values
from importer.plan.causes import Cause, LeadingData, Reformatted, TextMangled

_SHOWN: Final = 60
"""Bytes of a server's status line that are quoted."""


@dataclass(frozen=True, slots=True)
class _Style:
    """How a writer lays a document out; ``indent`` is None for one that writes it in one line."""

    description: str
    indent: str | None
    comma: str = ","
    colon: str = ": "


_STYLES: Final = (
    _Style("indented by 3 spaces, as docker writes manifests", "   "),
    _Style("indented by 2 spaces, as BuildKit writes manifests", "  "),
    _Style("compact, as configs are written", None, colon=":"),
    _Style("indented by 4 spaces", "    "),
    _Style("indented by tabs", "\t"),
    _Style("in one line with spaces, as Python writes it", None, comma=", "),
)
_GO_ESCAPES: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True, slots=True)
class Restoration:
    """What the document may have been, what then happened to it, and the form it has back."""

    content: bytes
    cause: Cause
    description: str


class _Number(str):
    """A number as it was written."""


def restorations(content: bytes) -> Iterator[Restoration]:
    """Yield the likely originals of a document, the likeliest first; none when it isn't text."""
    try:
        decoded = decode_json(content)
    except UnreadableJsonError:
        return
    seen = {content}
    for restoration in chain(_body_of(content), _unmangled(decoded.text, decoded.form), _reformatted(decoded.text)):
        if restoration.content not in seen:
            seen.add(restoration.content)
            yield restoration


def cause_of_form(content: bytes, form: TextForm) -> Cause:
    """What happened to a document that no writer would have written in this form."""
    if form is not TextForm.BEHIND_HEADERS:
        return TextMangled(f"saved as {form}", form)
    return LeadingData(size_of_headers(content), start=content[:_SHOWN].decode("latin-1").splitlines()[0])


def _body_of(content: bytes) -> Iterator[Restoration]:
    headers = size_of_headers(content)
    if headers:
        cause = cause_of_form(content, TextForm.BEHIND_HEADERS)
        yield Restoration(content[headers:], cause, "without the HTTP headers")


def _unmangled(text: str, form: TextForm) -> Iterator[Restoration]:
    changes = [] if form in (TextForm.UTF8, TextForm.UTF8_CRLF) else [f"saved as {form}"]
    unix = text.replace("\r\n", "\n")
    variants = [(text, changes)]
    if unix != text:
        variants.append((unix, [*changes, "line ends turned into CRLF"]))
    for variant, said in variants:
        yield _mangled(variant, said, form)
        stripped = variant.rstrip("\r\n")
        if stripped != variant:
            yield _mangled(stripped, [*said, "a newline added at the end"], form)
        yield _mangled(stripped + "\n", [*said, "the newline at the end lost"], form)


def _mangled(text: str, changes: list[str], form: TextForm) -> Restoration:
    change = ", ".join(changes)
    return Restoration(text.encode("utf-8", "surrogatepass"), TextMangled(change, form), f"undoing: {change}")


def _reformatted(text: str) -> Iterator[Restoration]:
    if has_too_many_values(text):
        return
    try:
        value = json.loads(text, parse_int=_Number, parse_float=_Number)
    except (ValueError, RecursionError):
        return
    if is_too_deep(value):
        return
    for style in _STYLES:
        for quote in (_quote_like_go, _quote_plainly):
            written = _write(value, style, quote)
            for end, newline in (("", ""), ("\n", ", with a newline at the end")):
                content = (written + end).encode("utf-8", "surrogatepass")
                description = style.description + newline
                yield Restoration(content, Reformatted(description), description)


def _write(value: Any, style: _Style, quote: Callable[[str], str], depth: int = 0) -> str:
    if isinstance(value, dict):
        items = [quote(k) + style.colon + _write(v, style, quote, depth + 1) for k, v in value.items()]
        return _bracketed("{}", items, style, depth)
    if isinstance(value, list):
        return _bracketed("[]", [_write(v, style, quote, depth + 1) for v in value], style, depth)
    if isinstance(value, _Number):
        return str(value)
    return quote(value) if isinstance(value, str) else json.dumps(value)


def _bracketed(brackets: str, items: list[str], style: _Style, depth: int) -> str:
    if not items:
        return brackets
    if style.indent is None:
        return brackets[0] + style.comma.join(items) + brackets[1]
    inner = "\n" + style.indent * (depth + 1)
    return brackets[0] + inner + (style.comma + inner).join(items) + "\n" + style.indent * depth + brackets[1]


def _quote_plainly(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _quote_like_go(text: str) -> str:
    quoted = _quote_plainly(text)
    for character, escape in _GO_ESCAPES.items():
        quoted = quoted.replace(character, escape)
    return quoted
