"""Which transfer codings the beginning of a file shows."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from importer.errors import DecodeError
from importer.formats.transfer_codings.chunks import SIZE_LINE
from importer.formats.transfer_codings.coding import TransferCoding, decode
from importer.formats.transfer_codings.recoded import BYTE_CHARACTERS, REPLACEMENT
from importer.formats.transfer_codings.text import without_frame

_LINE: Final = rb"[ \t\r\n\0]"
_HEX: Final = re.compile(rb"(?:\s|\\x|0x|[0-9A-Fa-f:,;{}()'\"\[\]]|\0)+")
_BASE64: Final = re.compile(rb"(?:[A-Za-z0-9+/=_-]|" + _LINE + rb")+")
_PRINTABLE: Final = re.compile(rb"[\t\r\n -~]+")
_PERCENT: Final = re.compile(rb"%[0-9A-Fa-f]{2}")
_QUOTED: Final = re.compile(rb"=(?:[0-9A-Fa-f]{2}|\r?\n)")
_AWS: Final = b"chunk-signature="
_CODE_MARKS: Final = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")
_FEWEST: Final = 8
"""Characters that a text must have to be taken for a coding of something."""

_MOST_LOOKED_AT: Final = 4096


def codings_shown(start: bytes) -> Iterator[TransferCoding]:
    """The codings that a file's first bytes (64 KiB or fewer) may be of, the likeliest first.

    More than one is possible, and each is only a proposal: all hexadecimal digits are base64, too.
    """
    if len(start) < _FEWEST:
        return
    yield from _of_chunks(start)
    yield from _of_text(start[:_MOST_LOOKED_AT])
    if _is_utf8_of_bytes(start):
        yield TransferCoding.UTF8
    yield from _of_line_ends(start)


def decoded_start(start: bytes, coding: TransferCoding) -> bytes:
    """What the first bytes of a file stand for, as far as they go."""
    made = bytearray()
    with suppress(DecodeError):
        for piece in decode((start,), coding):
            made += piece
    return bytes(made)


def has_replacements(start: bytes) -> bool:
    """Whether a file's first bytes were taken for UTF-8, and U+FFFD was put wherever they were none."""
    return REPLACEMENT in start and _as_utf8(start) is not None


def _of_chunks(start: bytes) -> Iterator[TransferCoding]:
    line = SIZE_LINE.match(start)
    if not line or not int(line[1], 16):
        return
    behind = start[line.end() + int(line[1], 16) :]
    if not behind or behind.startswith((b"\r", b"\n")):
        yield TransferCoding.AWS_CHUNKED if _AWS in (line[2] or b"") else TransferCoding.HTTP_CHUNKED


def _of_text(start: bytes) -> Iterator[TransferCoding]:
    plain = start.replace(b"\0", b"") if start.startswith(_CODE_MARKS[:2]) else start
    for mark in _CODE_MARKS:
        plain = plain.removeprefix(mark)
    if _HEX.fullmatch(plain):
        yield TransferCoding.HEX
    if _BASE64.fullmatch(without_frame(start).split(b"-----END")[0].rstrip(b"'\"\r\n")):
        yield TransferCoding.BASE64
    if not _PRINTABLE.fullmatch(plain):
        return
    if _PERCENT.search(plain) and b" " not in plain:
        yield TransferCoding.PERCENT
        if b"+" in plain:
            yield TransferCoding.FORM
    if _QUOTED.search(plain):
        yield TransferCoding.QUOTED_PRINTABLE


def _is_utf8_of_bytes(start: bytes) -> bool:
    text = _as_utf8(start)
    return text is not None and not text.isascii() and BYTE_CHARACTERS.issuperset(text.removeprefix("\ufeff"))


def _as_utf8(start: bytes) -> str | None:
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return None


def _of_line_ends(start: bytes) -> Iterator[TransferCoding]:
    ends, pairs = start.count(b"\n"), start.count(b"\r\n")
    if ends and ends == pairs:
        yield TransferCoding.LF_TO_CRLF
    elif ends and not pairs:
        yield TransferCoding.CRLF_TO_LF
