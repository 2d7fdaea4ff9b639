"""Bytes that a program took for text of another machine, and rewrote.

Sources: RFC 959, section 3.1.1.1 (FTP's ASCII type: each line ends with CRLF on the wire); Unicode's mapping tables
CP1252.TXT and bestfit1252.txt (which maps the five bytes without a character to the control character of their number).
"""

from __future__ import annotations

import codecs
from typing import Final

from importer.errors import DecodeError
from importer.formats.transfer_codings.decoder import TransferDecoder

REPLACEMENT: Final = "\ufffd".encode()
"""What a decoder puts in place of bytes that mean nothing to it: which ones they were, nobody knows any more."""


class CrlfToLfDecoder(TransferDecoder):
    """Undoes LF → CRLF."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, block: bytes) -> bytes:
        """Take the CR before each LF away."""
        text = self._held + block
        self._held = text[-1:] if text.endswith(b"\r") else b""
        return text[: len(text) - len(self._held)].replace(b"\r\n", b"\n")

    def close(self) -> bytes:
        """A last CR is one of the blob's."""
        return self._held


class LfToCrlfDecoder(TransferDecoder):
    """Undoes CRLF → LF, where each LF had its CR."""

    def feed(self, block: bytes) -> bytes:
        """Put a CR before each LF."""
        return block.replace(b"\n", b"\r\n")


def _bytes_of_characters() -> dict[int, int]:
    table = {number: number for number in range(256)}
    for number in range(0x80, 0xA0):
        character = bytes([number]).decode("cp1252", "ignore")
        if character:
            table[ord(character)] = number
    return table


_BYTES: Final = _bytes_of_characters()
BYTE_CHARACTERS: Final = frozenset(map(chr, _BYTES))
"""Characters that single bytes are read as, in Latin-1 or in cp1252."""


class Utf8Decoder(TransferDecoder):
    """Undoes bytes read as Latin-1 or cp1252, and written as UTF-8; no character of the two means different bytes."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()

    def feed(self, block: bytes) -> bytes:
        """Give each character's byte."""
        return self._encoded(block, final=False)

    def close(self) -> bytes:
        """Half a character is none."""
        return self._encoded(b"", final=True)

    def _encoded(self, block: bytes, *, final: bool) -> bytes:
        try:
            return _bytes_of(self._decoder.decode(block, final))
        except UnicodeError as error:
            raise DecodeError("not bytes that were written as UTF-8") from error


def _bytes_of(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        # Only cp1252 has others, and looking each of them up takes ten times as long.
        return text.translate(_BYTES).encode("latin-1")
