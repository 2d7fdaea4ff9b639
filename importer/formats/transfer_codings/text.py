"""Codings that turn bytes into printable text.

Sources: RFC 4648, sections 4, 5 and 8 (base64, its alphabet for file names, hex); RFC 2045, sections 6.7 and 6.8
(quoted-printable, base64 in lines); RFC 7468 (PEM's lines in front and behind); RFC 2397 (``data:`` URLs); RFC 3986,
section 2.1 (percent encoding).
"""

from __future__ import annotations

import binascii
import re
from typing import Final

from importer.errors import DecodeError
from importer.formats.transfer_codings.decoder import PieceCount, TransferDecoder

FRAME: Final = re.compile(
    rb"\s*(?:data:[^,\s]{0,256};base64,|(?:-----BEGIN [^\r\n]{1,80}-----|begin-base64 [^\r\n]{1,256})\r?\n|[bB]?['\"])?"
)
"""What stands before base64: the head of a ``data:`` URL, the first line of PEM and of ``uuencode -m``, a quote."""

_LONGEST_FRAME: Final = 512
_LONGEST_END: Final = 8
_END: Final = re.compile(rb"-----END|\n====|['\"]")
_END_MARKS: Final = (b"-----END", b"\n====", b"'", b'"')

# A shell that writes UTF-16 (PowerShell's >) puts a zero beside each character, and a mark in front.
_BLANK: Final = b" \t\r\n\f\v\0"
_MARKS: Final = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")
_TO_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
_NO_HEX: Final = _BLANK + b":,;\xff\xfe\xef\xbb\xbf{}[]()'\""
_ESCAPED: Final = 3
"""Bytes of ``%1F`` and ``=1F``."""
_ESCAPES: Final = re.compile(rb"(?:%[0-9A-Fa-f]{2})+")


class Base64Decoder(TransferDecoder):
    """Base64 in either alphabet, with line breaks and padding or without."""

    def __init__(self) -> None:
        self._is_framed = True
        self._held = b""
        self._rest = b""
        self._is_over = False
        self._padded = PieceCount()

    def feed(self, block: bytes) -> bytes:
        """Decode all groups of four characters."""
        text = self._held + block
        if self._is_framed:
            if len(text) < _LONGEST_FRAME:
                self._held = text
                return b""
            text, self._is_framed = without_frame(text), False
        # The line behind the data may stand across two blocks.
        self._held = text[-_LONGEST_END:]
        return self._decoded(text[:-_LONGEST_END], text)

    def close(self) -> bytes:
        """A last group may lack its padding."""
        text = without_frame(self._held) if self._is_framed else self._held
        made = self._decoded(text, text)
        return made + (_base64(self._rest) if len(self._rest) > 1 else b"")

    def _decoded(self, certain: bytes, text: bytes) -> bytes:
        if self._is_over:
            return b""
        # To look for each mark takes a tenth of the time of one pattern for all.
        if any(mark in text for mark in _END_MARKS) and (end := _END.search(text)):
            certain, self._is_over = text[: end.start()], True
        # Programs that encode block by block leave padding in the middle.
        plain = self._rest + certain.translate(_TO_STANDARD, _BLANK)
        *padded, rest = re.split(rb"=+", plain) if b"=" in plain else (plain,)
        whole = len(rest) & ~3
        self._padded.add(len(padded), sum(map(len, padded)) + whole)
        self._rest = rest[whole:]
        return b"".join((*map(_base64, padded), _base64(rest[:whole])))


class HexDecoder(TransferDecoder):
    r"""Hexadecimal digits of either case, bare or as ``1f:8b``, ``0x1f, 0x8b`` and ``\x1f\x8b``."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, block: bytes) -> bytes:
        """Decode all pairs of digits."""
        text = self._rest + block.translate(None, _NO_HEX)
        held = 1 if text.endswith((b"\\", b"0")) else 0
        digits = re.sub(rb"\\x|0x", b"", text[: len(text) - held])
        odd = len(digits) % 2
        self._rest = digits[len(digits) - odd :] + text[len(text) - held :]
        return _hex(digits[: len(digits) - odd])

    def close(self) -> bytes:
        """A last zero may have been the beginning of another ``0x``."""
        return _hex(self._rest)


class PercentDecoder(TransferDecoder):
    """``%1F`` for each byte that may not stand in a URL; in a form's fields ``+`` is a space."""

    def __init__(self, *, is_form: bool = False) -> None:
        self._is_form = is_form
        self._rest = b""

    def feed(self, block: bytes) -> bytes:
        """Decode all but an escape that isn't over."""
        text = self._rest + block.translate(None, b"\r\n")
        at = text.rfind(b"%", -_ESCAPED + 1)
        whole = len(text) if at < 0 else at
        self._rest = text[whole:]
        return self._decoded(text[:whole])

    def close(self) -> bytes:
        """What can't be an escape any more stands for itself."""
        return self._decoded(self._rest)

    def _decoded(self, text: bytes) -> bytes:
        return _ESCAPES.sub(_unescaped, text.replace(b"+", b" ") if self._is_form else text)


class QuotedPrintableDecoder(TransferDecoder):
    """Lines of mail, in which ``=1F`` is a byte, and ``=`` at the end of a line joins it to the next."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, block: bytes) -> bytes:
        """Decode all but an escape that isn't over."""
        text = self._rest + block
        at = text.rfind(b"=", -_ESCAPED + 1)
        whole = len(text) if at < 0 else at
        self._rest = text[whole:]
        return binascii.a2b_qp(text[:whole])

    def close(self) -> bytes:
        """What is left is the end of the last line."""
        return binascii.a2b_qp(self._rest)


def without_frame(start: bytes) -> bytes:
    """The beginning of a text without what stands before its base64."""
    for mark in _MARKS[:2]:
        if start.startswith(mark):
            start = start.replace(b"\0", b"")
    for mark in _MARKS:
        start = start.removeprefix(mark)
    frame = FRAME.match(start)
    return start[frame.end() :] if frame else start


def _unescaped(escapes: re.Match[bytes]) -> bytes:
    return binascii.unhexlify(escapes[0].replace(b"%", b""))


def _base64(text: bytes) -> bytes:
    try:
        return binascii.a2b_base64(text + b"=" * (-len(text) % 4), strict_mode=True) if text else b""
    except binascii.Error as error:
        raise DecodeError(f"not base64: {error}") from error


def _hex(digits: bytes) -> bytes:
    try:
        return binascii.unhexlify(digits)
    except binascii.Error as error:
        raise DecodeError(f"not hexadecimal: {error}") from error
