"""Changes to bytes and to JSON documents, each the same again for the same random numbers."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any, Final

from tests.odd_values import ODD

_WORDS: Final = (
    *(b"\0", b"\xff", b"\n", b"{", b"}", b"[", b"]", b'"', b",", b":", b"/", b"..", b"%", b"\x1b[2J", b"\xed\xa0\x80"),
    *(b"sha256:", b"\xef\xbb\xbf", b"\xff\xfe", b"HTTP/1.1 200 OK\r\n\r\n", b"<html>", b"9" * 30, b"9" * 5000, b"-1"),
    *(b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"PK\x05\x06", b"ustar\0", b"NaN", b"1e999", b"null"),
)
_LONGEST: Final = 1 << 20


def mutated(content: bytes, random: Random) -> bytes:
    """The content after one to four changes, of its text or, where it is JSON, of its values."""
    for _ in range(random.choice((1, 1, 2, 4))):
        content = random.choice(_CHANGES)(content, random)[:_LONGEST]
    return content


def _cut(content: bytes, random: Random) -> bytes:
    return content[: random.randint(0, len(content))]


def _flip(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 3, 30)) if changed else 0):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _insert(content: bytes, random: Random) -> bytes:
    at = random.randint(0, len(content))
    return content[:at] + random.choice(_WORDS) * random.choice((1, 1, 1, 100)) + content[at:]


def _overwrite(content: bytes, random: Random) -> bytes:
    at, word = random.randint(0, len(content)), random.choice(_WORDS)
    return content[:at] + word + content[at + len(word) :]


def _repeat(content: bytes, random: Random) -> bytes:
    start = random.randint(0, len(content))
    end = min(len(content), start + random.choice((1, 16, 512, 4096)))
    return content[:end] + content[start:end] * random.choice((1, 2, 50)) + content[end:]


def _drop(content: bytes, random: Random) -> bytes:
    start = random.randint(0, len(content))
    return content[:start] + content[start + random.choice((1, 8, 512, 4096)) :]


def _number(content: bytes, random: Random) -> bytes:
    """Another length or offset, as binary formats hold them."""
    width = random.choice((2, 4, 8))
    if len(content) < width:
        return content
    at = random.randrange(len(content) - width + 1)
    value = random.choice((0, 1, 0x7F, 0xFF, 1 << 15, 1 << 31, (1 << 63) - 1, len(content)))
    order = random.choice(("little", "big"))
    return content[:at] + (value & ((1 << 8 * width) - 1)).to_bytes(width, order) + content[at + width :]  # type: ignore[arg-type]


def _value(content: bytes, random: Random) -> bytes:
    """One value of a JSON document by an odd one, or by another that stands in it."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return _flip(content, random)
    places = list(_places(value))
    if not places:
        return json.dumps(random.choice(ODD)).encode()
    holder, step = random.choice(places)
    other, other_step = random.choice(places)
    holder[step] = random.choice((random.choice(ODD), other[other_step]))
    try:
        return json.dumps(value, indent=random.choice((None, 3))).encode()
    except (RecursionError, ValueError):
        return content


def _places(value: Any) -> list[tuple[Any, Any]]:
    steps = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for step in steps for place in ((value, step), *_places(value[step]))]


_CHANGES: Final[tuple[Callable[[bytes, Random], bytes], ...]] = (
    *(_cut, _flip, _insert, _overwrite, _repeat, _drop, _number),
    *(_value, _value, _value, _value),
)
