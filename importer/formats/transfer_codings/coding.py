"""Every transfer coding there is, and its decoder."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from enum import StrEnum
from functools import partial
from typing import Final

from importer.formats.transfer_codings.chunks import ChunkDecoder
from importer.formats.transfer_codings.decoder import TransferDecoder
from importer.formats.transfer_codings.recoded import CrlfToLfDecoder, LfToCrlfDecoder, Utf8Decoder
from importer.formats.transfer_codings.text import (
    Base64Decoder,
    HexDecoder,
    PercentDecoder,
    QuotedPrintableDecoder,
)


class TransferCoding(StrEnum):
    """What was made of the bytes on their way, in words for a message."""

    BASE64 = "base64"
    HEX = "hexadecimal digits"
    QUOTED_PRINTABLE = "quoted-printable, as in mail"
    PERCENT = "percent encoding, as in URLs"
    FORM = "percent encoding, as in the fields of a form"
    HTTP_CHUNKED = "HTTP chunks (Transfer-Encoding: chunked)"
    AWS_CHUNKED = "signed chunks (Content-Encoding: aws-chunked)"
    LF_TO_CRLF = "each LF was turned into CRLF"
    CRLF_TO_LF = "each CRLF was turned into LF"
    UTF8 = "its bytes were read as Latin-1 or cp1252 text and written as UTF-8"


RECODINGS: Final = frozenset({TransferCoding.LF_TO_CRLF, TransferCoding.CRLF_TO_LF, TransferCoding.UTF8})
"""Those that nobody meant as a coding: a program took the bytes for text."""

_DECODERS: Final[dict[TransferCoding, Callable[[], TransferDecoder]]] = {
    TransferCoding.BASE64: Base64Decoder,
    TransferCoding.HEX: HexDecoder,
    TransferCoding.QUOTED_PRINTABLE: QuotedPrintableDecoder,
    TransferCoding.PERCENT: PercentDecoder,
    TransferCoding.FORM: partial(PercentDecoder, is_form=True),
    TransferCoding.HTTP_CHUNKED: ChunkDecoder,
    TransferCoding.AWS_CHUNKED: ChunkDecoder,
    TransferCoding.LF_TO_CRLF: CrlfToLfDecoder,
    TransferCoding.CRLF_TO_LF: LfToCrlfDecoder,
    TransferCoding.UTF8: Utf8Decoder,
}


def decode(blocks: Iterable[bytes], coding: TransferCoding) -> Generator[bytes, None, None]:
    """Yield the bytes that blocks of a coding stand for; raises DecodeError for what the coding doesn't have."""
    decoder = _DECODERS[coding]()
    for block in blocks:
        if made := decoder.feed(block):
            yield made
    if made := decoder.close():
        yield made
