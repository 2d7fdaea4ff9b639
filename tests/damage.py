"""What happens to files on their way from a server to a folder, one small function for each damage.

Every function takes the path of a file, damages what is there, and gives the path (or paths) where the bytes are
afterwards. None has any chance in it: where and how much is said by the caller, so that a property test can choose.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import json
import os
import random
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.images.generated import GeneratedImage

Damage = Callable[[Path], object]
"""What happens to a file, or to the files of a folder."""

GZIP_TRAILER = 8
"""A gzip member ends with four bytes of CRC-32 and four of the length."""

PARTIAL_SUFFIXES = (".part", ".crdownload", ".download", ".partial", ".opdownload")
"""What browsers append to the name of a download that isn't finished."""

HTTP_HEADERS = (
    b"HTTP/1.1 200 OK\r\nServer: Artifactory/7.77.5\r\nContent-Type: application/octet-stream\r\n"
    b"X-Artifactory-Filename: layer\r\nConnection: keep-alive\r\n\r\n"
)
"""What ``curl -i -o`` writes in front of the body."""

_LOGIN_PAGE = b"""<!DOCTYPE html>
<html lang="en">
<head><title>Sign in</title></head>
<body>
<form method="post" action="/ui/login"><input name="username"><input name="password" type="password"></form>
</body>
</html>
"""
_S3_ERROR = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Request has expired</Message>'
    b"<X-Amz-Expires>30</X-Amz-Expires><RequestId>4442587FB7D0A2F9</RequestId></Error>"
)


# --- which file of an image, as write_artifactory_folder writes it ---


def to_layer(image: GeneratedImage, position: int, damage: Callable[..., object], *arguments: Any) -> Damage:
    """A damage of the folder: that of one layer."""
    return lambda folder: damage(image.layer_path(folder, position), *arguments)


def to_config(image: GeneratedImage, damage: Callable[..., object], *arguments: Any) -> Damage:
    """A damage of the folder: that of the config."""
    return lambda folder: damage(image.config_path(folder), *arguments)


def to_manifest(damage: Callable[..., object], *arguments: Any) -> Damage:
    """A damage of the folder: that of ``manifest.json``."""
    return lambda folder: damage(folder / "manifest.json", *arguments)


def in_turn(*damages: Damage) -> Damage:
    """One after the other."""
    return lambda place: [damage(place) for damage in damages]


def nothing(_: Path) -> None:
    """No damage at all."""


# --- bytes lost, changed or added ---


def change(path: Path, how: Callable[[bytes], bytes]) -> Path:
    """Any change of the content that has no name of its own here."""
    _change(path, how(path.read_bytes()))
    return path


def put(path: Path, content: bytes) -> Path:
    """Another content."""
    _change(path, content)
    return path


def cut_at(path: Path, length: int) -> Path:
    """Keep the first ``length`` bytes, as when the connection ended early."""
    _change(path, path.read_bytes()[:length])
    return path


def empty(path: Path) -> Path:
    """Keep nothing."""
    return cut_at(path, 0)


def flip_byte(path: Path, offset: int, mask: int = 0xFF) -> Path:
    """Change one byte for certain: XOR with a mask other than 0; an offset below 0 counts from the end."""
    if not 0 < mask < 256:
        raise ValueError("a mask of 0 would change nothing")
    content = bytearray(path.read_bytes())
    content[offset] ^= mask
    _change(path, bytes(content))
    return path


def zero_range(path: Path, start: int, end: int | None = None) -> Path:
    """Put zeros from ``start`` to ``end`` (or to the file's end): a preallocated download, or a lost disk block."""
    content = path.read_bytes()
    stop = len(content) if end is None else min(end, len(content))
    _change(path, content[:start] + bytes(max(0, stop - start)) + content[max(start, stop) :])
    return path


def append(path: Path, extra: bytes) -> Path:
    """Put bytes behind the content."""
    _change(path, path.read_bytes() + extra)
    return path


def prepend(path: Path, extra: bytes = HTTP_HEADERS) -> Path:
    """Put bytes before the content: saved HTTP headers when nothing else is said."""
    _change(path, extra + path.read_bytes())
    return path


def drop_gzip_trailer(path: Path, count: int = GZIP_TRAILER) -> Path:
    """Take 1 to 8 bytes from the end of a gzip file; all its data is still there then."""
    if not 0 < count <= GZIP_TRAILER:
        raise ValueError("a gzip trailer has 8 bytes")
    return cut_at(path, path.stat().st_size - count)


def remove(path: Path) -> None:
    """Not even the file is left."""
    path.unlink()


def make_pipe(path: Path) -> Path:
    """A named pipe in place of the file: nothing can be read from it."""
    path.unlink()
    os.mkfifo(path)
    return path


# --- right bytes, wrong name or place ---


def copy(path: Path, name: str) -> Path:
    """The same content once more, in the same folder."""
    target = path.with_name(name)
    target.write_bytes(path.read_bytes())
    return target


def add_sidecar(path: Path, text: str) -> Path:
    """A file with a checksum beside it, ``name.sha256``."""
    target = path.with_name(f"{path.name}.sha256")
    target.write_text(text)
    return target


def swap(first: Path, second: Path) -> tuple[Path, Path]:
    """Let two files have each other's names."""
    contents = first.read_bytes(), second.read_bytes()
    _change(first, contents[1])
    _change(second, contents[0])
    return first, second


def rename(path: Path, name: str) -> Path:
    """Give the file another name in the same folder."""
    target = path.with_name(name)
    if target.exists():
        raise FileExistsError(target)
    return path.rename(target)


def rename_by_browser(path: Path, number: int = 1) -> Path:
    """``name (1)``: a file of that name was there already."""
    return rename(path, f"{path.name} ({number})")


def add_suffix(path: Path, suffix: str = ".gz") -> Path:
    """``name.gz``, ``name.json``, ``name.tar``: the browser knew better."""
    return rename(path, path.name + suffix)


def upper_case(path: Path) -> Path:
    """``SHA256__ABCD...``."""
    return rename(path, path.name.upper())


def hyphen_prefix(path: Path) -> Path:
    """``sha256-<hex>``: what tools make of ``sha256:<hex>`` where a colon may not stand in a name."""
    return rename(path, path.name.replace("__", "-", 1))


def no_prefix(path: Path) -> Path:
    """``<hex>`` alone."""
    return rename(path, path.name.partition("__")[2] or path.name)


def partial_suffix(path: Path, suffix: str = PARTIAL_SUFFIXES[0]) -> Path:
    """Call the file an unfinished download; cut it first, or don't."""
    return add_suffix(path, suffix)


def split(path: Path, count: int, suffix: str = ".{:03d}") -> list[Path]:
    """Make ``count`` pieces ``name.001``, ``name.002``... of the file, as equal as can be; the file itself goes."""
    content = path.read_bytes()
    edges = [len(content) * number // count for number in range(count + 1)]
    pieces = []
    for number in range(count):
        piece = path.with_name(path.name + suffix.format(number + 1))
        piece.write_bytes(content[edges[number] : edges[number + 1]])
        pieces.append(piece)
    path.unlink()
    return pieces


def marker(path: Path) -> Path:
    """Leave an empty ``name.marker`` in place of the file: Artifactory never fetched the layer itself."""
    path.unlink()
    target = path.with_name(path.name + ".marker")
    target.touch()
    return target


# --- unpacked, packed once more ---


def gunzip_in_place(path: Path) -> Path:
    """Unpack the file and keep its name, as browsers do with ``Content-Encoding: gzip``."""
    _change(path, gzip.decompress(path.read_bytes()))
    return path


def gzip_again(path: Path) -> Path:
    """Pack the file once more and keep its name, as some proxies do."""
    _change(path, gzip.compress(path.read_bytes(), mtime=0))
    return path


# --- encoded, or taken for text ---


def in_base64(path: Path, line: int = 76) -> Path:
    """Base64 in lines of so many characters, as ``base64`` and mail write it; one line when there are none."""
    text = base64.b64encode(path.read_bytes())
    lines = [text[at : at + line] + b"\n" for at in range(0, len(text), line)] if line else [text]
    _change(path, b"".join(lines))
    return path


def in_hex(path: Path) -> Path:
    """Hexadecimal digits in lines of 60, as ``xxd -p`` writes them."""
    text = path.read_bytes().hex().encode()
    _change(path, b"".join(text[at : at + 60] + b"\n" for at in range(0, len(text), 60)))
    return path


def in_quoted_printable(path: Path) -> Path:
    """The body of a mail, every line end in the content encoded."""
    _change(path, binascii.b2a_qp(path.read_bytes(), istext=False))
    return path


def percent_encoded(path: Path) -> Path:
    """As a URL has it."""
    _change(path, urllib.parse.quote_from_bytes(path.read_bytes(), safe="").encode())
    return path


def in_chunks(path: Path, size: int = 4096) -> Path:
    """The raw body of an answer with ``Transfer-Encoding: chunked``."""
    content = path.read_bytes()
    chunks = [content[at : at + size] for at in range(0, len(content), size)]
    _change(path, b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in (*chunks, b"")))
    return path


def in_signed_chunks(path: Path, size: int = 65536) -> Path:
    """What an S3 client uploads with ``Content-Encoding: aws-chunked``, trailers behind it."""
    content = path.read_bytes()
    chunks = [content[at : at + size] for at in range(0, len(content), size)]
    signature = b";chunk-signature=" + b"0f" * 32
    body = b"".join(b"%x%s\r\n%s\r\n" % (len(chunk), signature, chunk) for chunk in chunks)
    trailer = b"0%s\r\nx-amz-checksum-crc32:AAAAAA==\r\nx-amz-trailer-signature:%s\r\n\r\n" % (signature, b"0f" * 32)
    _change(path, body + trailer)
    return path


def as_docker_inspects(path: Path, *, raw: bool = True, many: bool = False) -> Path:
    """Save what ``docker manifest inspect -v`` prints, in place of the manifest; old versions print no ``Raw``."""
    content = path.read_bytes()
    value = json.loads(content)
    descriptor = {
        "mediaType": value["mediaType"],
        "digest": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "size": len(content),
        "platform": {"architecture": "amd64", "os": "linux"},
    }
    printed = {"Ref": "registry.example/app:1", "Descriptor": descriptor}
    printed |= {"Raw": base64.b64encode(content).decode()} if raw else {}
    printed |= {"SchemaV2Manifest": value}
    _change(path, json.dumps([printed] if many else printed, indent="\t").encode())
    return path


def lf_to_crlf(path: Path) -> Path:
    """Send it by FTP in ASCII mode, or write it to a file that is open in text mode on Windows."""
    _change(path, path.read_bytes().replace(b"\n", b"\r\n"))
    return path


def bytes_to_utf8(path: Path, encoding: str = "latin-1") -> Path:
    """Read each byte as a character, and write UTF-8; cp1252 has none for five bytes, and takes Latin-1's."""
    content = path.read_bytes()
    characters = (bytes([byte]) for byte in content)
    _change(path, "".join(c.decode(encoding, "ignore") or c.decode("latin-1") for c in characters).encode())
    return path


def utf8_with_replacements(path: Path) -> Path:
    """Read it as UTF-8, and write what became of it."""
    _change(path, path.read_bytes().decode("utf-8", "replace").encode())
    return path


# --- downloads that were resumed ---


def resume_too_early(path: Path, at: int, length: int) -> Path:
    """The connection broke at ``at``, and the next request began ``length`` bytes before."""
    content = path.read_bytes()
    _change(path, content[:at] + content[at - length :])
    return path


def message_within(path: Path, at: int, message: bytes) -> Path:
    """The connection broke at ``at``, and a server's message was saved before the rest came."""
    content = path.read_bytes()
    _change(path, content[:at] + message + content[at:])
    return path


# --- something else in place of the content ---


def replace_by_html_login_page(path: Path, size: int = 0) -> Path:
    """A login page, filled up to ``size`` bytes with a comment."""
    filler = b"<!--" + b" " * max(0, size - len(_LOGIN_PAGE) - 8) + b"-->\n" if size else b""
    _change(path, _LOGIN_PAGE + filler)
    return path


def replace_by_artifactory_json_error(path: Path, message: str = "File not found.") -> Path:
    """Artifactory's own error body; it has a space before each colon."""
    error = json.dumps({"errors": [{"status": 404, "message": message}]}, indent=2, separators=(",", " : "))
    _change(path, error.encode())
    return path


def replace_by_s3_xml_error(path: Path) -> Path:
    """The error of the object store that Artifactory redirects downloads to."""
    _change(path, _S3_ERROR)
    return path


def replace_by_noise(path: Path, seed: int) -> Path:
    """As many bytes as before that mean nothing."""
    _change(path, random.Random(seed).randbytes(path.stat().st_size))
    return path


# --- JSON documents that went through an editor or a shell ---


def crlf(path: Path) -> Path:
    """End the lines as Windows does; a document of one line stays as it is."""
    _change(path, path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    return path


def bom(path: Path) -> Path:
    """Put a UTF-8 byte order mark in front."""
    return prepend(path, b"\xef\xbb\xbf")


def utf16(path: Path, order: str = "le", mark: bool = True) -> Path:
    """Write the text as UTF-16, ``le`` (as PowerShell's ``>``) or ``be``."""
    start = "\ufeff" if mark else ""
    _change(path, (start + path.read_text(encoding="utf-8")).encode(f"utf-16-{order}"))
    return path


def add_newline(path: Path) -> Path:
    """End the document with a newline, as editors do."""
    return append(path, b"\n")


def reindent(path: Path, indent: int = 2) -> Path:
    """Print the JSON with ``indent`` spaces."""
    _change(path, json.dumps(json.loads(path.read_bytes()), indent=indent, ensure_ascii=False).encode())
    return path


def compact(path: Path) -> Path:
    """Print the JSON in one line without spaces."""
    value = json.loads(path.read_bytes())
    _change(path, json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())
    return path


def _change(path: Path, content: bytes) -> None:
    # A new file, not the old one overwritten: a test's folder may share its files with others by hard links.
    path.unlink()
    path.write_bytes(content)
