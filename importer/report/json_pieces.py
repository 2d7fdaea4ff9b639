"""JSON as a file and a terminal take it, written piece by piece: a report may tell of millions of files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from json.encoder import encode_basestring
from types import GeneratorType
from typing import Any, Final

_OBEYED: Final = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Delete, the C1 controls, and what turns or breaks lines; the encoder escapes the C0 controls alone."""

_STEP: Final = "  "
_BLOCK: Final = 1 << 16
"""Characters that are written at once."""


def json_text(value: Any) -> str:
    """A value as text: what a terminal might obey is escaped, and the values are the same."""
    return "".join(json_pieces(value))


def json_pieces(value: Any, *, escaped: bool = True) -> Iterator[str]:
    """The same text, piece by piece.

    The form is that of ``json.dumps(value, indent=2, ensure_ascii=False)``, which takes twice as long.

    Args:
        value: what may stand in JSON; also generators in place of lists, of which one item is made at a time.
        escaped: whether to escape what a terminal might obey.
    """
    for piece in _pieces(value, "\n"):
        # Most is plain ASCII, which is known without a look at each character.
        is_plain = piece.isascii() and "\x7f" not in piece
        yield _OBEYED.sub(_escape, piece) if escaped and not is_plain else piece


def in_blocks(pieces: Iterable[str]) -> Iterator[str]:
    """The same text in fewer pieces, each of some 64 KiB."""
    block, size = list[str](), 0
    for piece in pieces:
        block.append(piece)
        size += len(piece)
        if size >= _BLOCK:
            yield "".join(block)
            block, size = [], 0
    yield "".join(block)


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _pieces(value: Any, margin: str) -> Iterator[str]:
    if isinstance(value, dict) and any(isinstance(each, GeneratorType) for each in value.values()):
        inner = margin + _STEP
        before = "{"
        for key, each in value.items():
            yield f"{before}{inner}{encode_basestring(key)}: "
            yield from _pieces(each, inner)
            before = ","
        yield margin + "}"
    elif isinstance(value, GeneratorType):
        inner = margin + _STEP
        before = "["
        for item in value:
            yield f"{before}{inner}"
            yield from _pieces(item, inner)
            before = ","
        yield "[]" if before == "[" else margin + "]"
    else:
        yield _text(value, margin)


def _text(value: Any, margin: str) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    inner = margin + _STEP
    if value and isinstance(value, dict):
        members = [f"{encode_basestring(key)}: {_text(each, inner)}" for key, each in value.items()]
        return f"{{{inner}{f',{inner}'.join(members)}{margin}}}"
    if value and isinstance(value, list):
        return f"[{inner}{f',{inner}'.join([_text(each, inner) for each in value])}{margin}]"
    return int.__repr__(value) if type(value) is int else json.dumps(value)
