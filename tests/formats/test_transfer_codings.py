"""Transfer codings, made by the libraries that people make them with, and undone in blocks of any size."""

from __future__ import annotations

import base64
import binascii
import codecs
import email.message
import http.client
import io
import quopri
import ssl
import urllib.parse
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.errors import DecodeError
from importer.formats.transfer_codings.coding import TransferCoding, decode
from importer.formats.transfer_codings.marks import codings_shown, decoded_start, has_replacements

GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


def chunked(content: bytes, size: int, *, extension: bytes = b"", trailers: bytes = b"") -> bytes:
    chunks = [content[at : at + size] for at in range(0, len(content), size)]
    body = b"".join(b"%X%s\r\n%s\r\n" % (len(chunk), extension, chunk) for chunk in chunks)
    return body + b"0" + extension + b"\r\n" + trailers + b"\r\n"


def in_mail(content: bytes) -> bytes:
    message = email.message.EmailMessage()
    message.set_content(content, maintype="application", subtype="octet-stream")
    return message.as_bytes().partition(b"\n\n")[2]


def as_pem(content: bytes) -> bytes:
    return ssl.DER_cert_to_PEM_cert(content).encode()


def as_one_of_cp1252(content: bytes) -> str:
    return "".join(bytes([b]).decode("cp1252", "ignore") or chr(b) for b in content)


def with_padding_within(content: bytes) -> bytes:
    return b"".join(base64.b64encode(content[at : at + 100]) for at in range(0, len(content), 100))


CODINGS: dict[str, tuple[TransferCoding, Callable[[bytes], bytes]]] = {
    "base64": (TransferCoding.BASE64, base64.b64encode),
    "base64 in lines": (TransferCoding.BASE64, base64.encodebytes),
    "base64 in mail": (TransferCoding.BASE64, in_mail),
    "base64 for URLs": (TransferCoding.BASE64, base64.urlsafe_b64encode),
    "base64 without padding": (TransferCoding.BASE64, lambda c: base64.urlsafe_b64encode(c).rstrip(b"=")),
    "base64 by blocks": (TransferCoding.BASE64, with_padding_within),
    "base64 in PEM": (TransferCoding.BASE64, as_pem),
    "base64 in UTF-16": (TransferCoding.BASE64, lambda c: base64.encodebytes(c).decode().encode("utf-16")),
    "base64 behind a mark": (TransferCoding.BASE64, lambda c: codecs.BOM_UTF8 + base64.b64encode(c)),
    "base64 in quotes": (TransferCoding.BASE64, lambda c: repr(base64.b64encode(c)).encode() + b"\r\n"),
    "data URL": (TransferCoding.BASE64, lambda c: b"data:application/gzip;base64," + base64.b64encode(c)),
    "uuencode -m": (
        TransferCoding.BASE64,
        lambda c: b"begin-base64 644 layer\n" + base64.encodebytes(c) + b"====\n",
    ),
    "hex": (TransferCoding.HEX, binascii.hexlify),
    "hex in lines, upper case": (TransferCoding.HEX, lambda c: c.hex("\n", 30).upper().encode() + b"\n"),
    "hex by twos": (TransferCoding.HEX, lambda c: c.hex(" ").encode()),
    "hex with colons": (TransferCoding.HEX, lambda c: c.hex(":").encode()),
    "hex of C": (TransferCoding.HEX, lambda c: b", ".join(b"0x%02x" % byte for byte in c)),
    "hex of shells": (TransferCoding.HEX, lambda c: b"".join(b"\\x%02x" % byte for byte in c)),
    "hex of PostgreSQL": (TransferCoding.HEX, lambda c: b"\\x" + binascii.hexlify(c)),
    "quoted-printable": (TransferCoding.QUOTED_PRINTABLE, lambda c: binascii.b2a_qp(c, istext=False)),
    "quoted-printable of tabs": (
        TransferCoding.QUOTED_PRINTABLE,
        lambda c: binascii.b2a_qp(c, quotetabs=True, istext=False),
    ),
    "percent encoding": (TransferCoding.PERCENT, lambda c: urllib.parse.quote_from_bytes(c, safe="").encode()),
    "percent encoding of a form": (
        TransferCoding.FORM,
        lambda c: urllib.parse.quote_from_bytes(c, safe=" ").replace(" ", "+").encode(),
    ),
    "chunks": (TransferCoding.HTTP_CHUNKED, lambda c: chunked(c, 37)),
    "chunks with trailers": (TransferCoding.HTTP_CHUNKED, lambda c: chunked(c, 500, trailers=b"Expires: 0\r\n")),
    "signed chunks": (
        TransferCoding.AWS_CHUNKED,
        lambda c: chunked(c, 300, extension=b";chunk-signature=" + b"ab" * 32, trailers=b"x-amz-checksum-crc32:A=\r\n"),
    ),
    "LF to CRLF": (TransferCoding.LF_TO_CRLF, lambda c: c.replace(b"\n", b"\r\n")),
    "Latin-1": (TransferCoding.UTF8, lambda c: c.decode("latin-1").encode()),
    "cp1252": (TransferCoding.UTF8, lambda c: as_one_of_cp1252(c).encode()),
    "Latin-1 behind a mark": (TransferCoding.UTF8, lambda c: c.decode("latin-1").encode("utf-8-sig")),
}


def in_blocks(content: bytes, size: int) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


@pytest.mark.parametrize(("coding", "encode"), CODINGS.values(), ids=CODINGS)
@given(content=st.binary(max_size=2000), size=st.integers(1, 600))
@settings(max_examples=60)
def test_what_a_coding_stands_for_comes_back(
    coding: TransferCoding, encode: Callable[[bytes], bytes], content: bytes, size: int
) -> None:
    assert b"".join(decode(in_blocks(encode(content), size), coding)) == content


@pytest.mark.parametrize(("coding", "encode"), CODINGS.values(), ids=CODINGS)
@given(content=st.binary(min_size=100, max_size=9000))
@settings(max_examples=20)
def test_the_beginning_shows_the_coding(
    coding: TransferCoding, encode: Callable[[bytes], bytes], content: bytes
) -> None:
    start = encode(GZIP_HEADER + content + b" \n+%\xc3\xbf")
    shown = [found for found in codings_shown(start) if decoded_start(start, found).startswith(GZIP_HEADER)]
    if coding is not TransferCoding.FORM:
        assert coding in shown
    assert shown


@given(content=st.binary(max_size=3000), size=st.integers(1, 600))
def test_any_bytes_are_undone_or_refused_and_never_grow_beyond_twice(content: bytes, size: int) -> None:
    for coding in TransferCoding:
        try:
            made = sum(map(len, decode(in_blocks(content, size), coding)))
        except DecodeError:
            continue
        assert made <= 2 * len(content)


@given(content=st.binary(max_size=3000))
def test_any_beginning_is_looked_at(content: bytes) -> None:
    for coding in codings_shown(content):
        assert len(decoded_start(content, coding)) <= 2 * len(content)


@pytest.mark.parametrize("content", [b"", b"\n", b"Hello, world\n", b"# README\n\nRun make.\n", GZIP_HEADER * 20])
def test_ordinary_files_show_none_that_would_be_tried(content: bytes) -> None:
    assert not set(codings_shown(content)) - {TransferCoding.CRLF_TO_LF}


def test_chunks_are_those_that_an_http_client_reads() -> None:
    body = chunked(bytes(range(256)) * 9, 1000, extension=b";name=value", trailers=b"A: b\r\n")

    class Socket:
        def makefile(self, _: str) -> io.BytesIO:
            return io.BytesIO(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body)

    response = http.client.HTTPResponse(Socket())  # type: ignore[arg-type]
    response.begin()
    assert b"".join(decode((body,), TransferCoding.HTTP_CHUNKED)) == response.read()


def test_mail_is_that_which_a_mail_client_reads() -> None:
    text = b"".join(b"=%02X" % byte + b"=\r\n" * (byte % 20 == 19) for byte in range(256))
    assert b"".join(decode((text,), TransferCoding.QUOTED_PRINTABLE)) == quopri.decodestring(text)


def test_bytes_lost_for_ever_are_noticed() -> None:
    content = GZIP_HEADER + bytes(range(256))
    assert has_replacements(content.decode("utf-8", "replace").encode())
    assert not has_replacements(content)
    assert not has_replacements(content.decode("latin-1").encode())


@pytest.mark.parametrize(
    ("coding", "content"),
    [
        (TransferCoding.BASE64, b"H4sIAAAA*AAA" * 60),
        (TransferCoding.HEX, b"1f8bzz"),
        (TransferCoding.HEX, b"1f8"),
        (TransferCoding.HTTP_CHUNKED, b"4\r\nabcdefgh\n"),
        (TransferCoding.HTTP_CHUNKED, b"5;" + b"a" * 5000),
        (TransferCoding.HTTP_CHUNKED, b"1\r\na\r\n\n1\r\nb\r\n0\r\n\r\n"),
        (TransferCoding.HTTP_CHUNKED, b"1\r\na\r\n" * 5000),
        (TransferCoding.BASE64, b"YQ==" * 5000),
        (TransferCoding.UTF8, b"\xff"),
        (TransferCoding.UTF8, "€5 in 日本".encode()),
    ],
)
def test_bytes_of_no_coding_are_refused(coding: TransferCoding, content: bytes) -> None:
    with pytest.raises(DecodeError):
        b"".join(decode(in_blocks(content, 7), coding))
