"""Recognises the kind of a file by its first bytes."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

HEAD_SIZE: Final = 4096
"""Bytes from the start of a file that decide its kind."""

TAR_BLOCK: Final = 512
_TAR_MAGIC_OFFSET: Final = 257
_TAR_CHECKSUM: Final = slice(148, 156)
_BINARY_SHARE: Final = 0.05
_GARBLED_SHARE: Final = 0.2


class FileKind(StrEnum):
    """What a file is; the ``kind`` of the JSON report."""

    EMPTY = "empty"
    GZIP = "gzip"
    ZSTD = "zstd"
    BZIP2 = "bzip2"
    XZ = "xz"
    TAR = "tar"
    ZIP = "zip"
    SEVEN_ZIP = "7z"
    RAR = "rar"
    LZ4 = "lz4"
    LZIP = "lzip"
    CABINET = "cab"
    MANIFEST = "manifest"
    INDEX = "index"
    SCHEMA1 = "schema1-manifest"
    CONFIG = "config"
    DOCKER_SAVE_MANIFEST = "docker-save-manifest"
    OCI_LAYOUT = "oci-layout"
    JSON = "json"
    BROKEN_JSON = "broken-json"
    ERROR_PAGE = "error-page"
    HTML = "html"
    XML = "xml"
    TEXT = "text"
    ZEROS = "zeros"
    DATA = "data"


MANIFEST_KINDS: Final = frozenset({FileKind.MANIFEST, FileKind.INDEX, FileKind.SCHEMA1, FileKind.DOCKER_SAVE_MANIFEST})
"""Documents that say what an image is made of."""

MARKUP_KINDS: Final = frozenset({FileKind.HTML, FileKind.XML})
PAGE_KINDS: Final = MARKUP_KINDS | {FileKind.ERROR_PAGE}
"""What a server sends to people instead of a file."""

COMPRESSED_KINDS: Final = frozenset({FileKind.GZIP, FileKind.ZSTD, FileKind.BZIP2, FileKind.XZ})
UNREAD_ARCHIVES: Final = {
    FileKind.SEVEN_ZIP: ("a 7z archive", "7-Zip (7z x)"),
    FileKind.RAR: ("a RAR archive", "unrar x or 7-Zip"),
    FileKind.LZ4: ("an lz4 file", "lz4 -d"),
    FileKind.LZIP: ("an lzip file", "lzip -d"),
    FileKind.CABINET: ("a Windows cabinet", "expand or cabextract"),
}
"""Archives that aren't looked into: their names, and the programs that unpack them."""

DOCUMENT_KINDS: Final = frozenset(
    {
        FileKind.MANIFEST,
        FileKind.INDEX,
        FileKind.SCHEMA1,
        FileKind.CONFIG,
        FileKind.DOCKER_SAVE_MANIFEST,
        FileKind.OCI_LAYOUT,
        FileKind.JSON,
        FileKind.BROKEN_JSON,
    }
)

_MAGIC_NUMBERS: Final = (
    (b"\x1f\x8b", FileKind.GZIP),
    (b"\x28\xb5\x2f\xfd", FileKind.ZSTD),
    (b"BZh", FileKind.BZIP2),
    (b"\xfd7zXZ\x00", FileKind.XZ),
    (b"PK\x03\x04", FileKind.ZIP),
    (b"PK\x05\x06", FileKind.ZIP),
    (b"7z\xbc\xaf\x27\x1c", FileKind.SEVEN_ZIP),
    (b"Rar!\x1a\x07", FileKind.RAR),
    (b"\x04\x22\x4d\x18", FileKind.LZ4),
    (b"LZIP\x01", FileKind.LZIP),
    (b"MSCF\0\0\0\0", FileKind.CABINET),
)
_CONTROL: Final = bytes(byte for byte in range(32) if byte not in b"\t\n\r\f\x1b")
_TEXT_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def kind_of_head(head: bytes) -> FileKind:
    """Classify a file by its first ``HEAD_SIZE`` bytes; documents.py looks at JSON more closely."""
    if not head:
        return FileKind.EMPTY
    for magic, kind in _MAGIC_NUMBERS:
        if head.startswith(magic):
            return kind
    if _is_skippable_zstd_frame(head):
        return FileKind.ZSTD
    if is_tar_header(head):
        return FileKind.TAR
    if not head.strip(b"\0"):
        return FileKind.ZEROS
    return _kind_of_text(head)


def is_tar_header(block: bytes) -> bool:
    """Whether 512 bytes are a tar member's header: its checksum decides, not the optional magic.

    Source: POSIX.1-1988 ustar; pre-POSIX tars have the checksum but no magic.
    """
    if len(block) < TAR_BLOCK or not block[0]:
        return False
    stored = block[_TAR_CHECKSUM].strip(b" \0")
    if not stored or stored.strip(b"01234567"):
        return False
    return _has_tar_checksum(block[:TAR_BLOCK], int(stored, 8))


def has_tar_magic(block: bytes) -> bool:
    """Whether a block has a tar header's magic, whatever its checksum."""
    return block[_TAR_MAGIC_OFFSET : _TAR_MAGIC_OFFSET + 5] == b"ustar"


def looks_like_json(head: bytes) -> bool:
    """Whether a text starts like a JSON object or array, in any encoding."""
    return readable_start(head).startswith(("{", "["))


def readable_start(head: bytes) -> str:
    """The beginning of a text in whatever encoding its first bytes show, without leading space."""
    return head[:512].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe").decode("utf-8", "replace").lstrip()


def _is_skippable_zstd_frame(head: bytes) -> bool:
    # zstd:chunked and some CDNs begin with one; magic 0x184D2A5? (RFC 8878, 3.1.2).
    return len(head) >= 4 and head[0] & 0xF0 == 0x50 and head[1:4] == b"\x2a\x4d\x18"


def _has_tar_checksum(block: bytes, stored: int) -> bool:
    # Both sums count the checksum's own field as spaces; old tars summed signed characters.
    blanked = block[:148] + b" " * 8 + block[156:]
    unsigned = sum(blanked)
    return stored == unsigned or stored == unsigned - 256 * sum(byte > 127 for byte in blanked)


def _kind_of_text(head: bytes) -> FileKind:
    start = readable_start(head)
    if not _is_text(head):
        return FileKind.DATA
    if start.startswith(("{", "[")):
        return FileKind.JSON
    if start[:64].lower().startswith(("<!doctype html", "<html", "<head", "<body", "<!doctype")):
        return FileKind.HTML
    if start.startswith("<?xml"):
        return FileKind.HTML if "<html" in start.lower() else FileKind.XML
    if start.startswith("<") and start[1:2].isalpha():
        return FileKind.HTML if "<html" in start.lower() else FileKind.XML
    return FileKind.TEXT if _is_readable(head) else FileKind.DATA


def _is_text(head: bytes) -> bool:
    if head.startswith(_TEXT_MARKS):
        return True
    if head.count(0) * 2 >= len(head) - 1 and readable_start(head).startswith(("{", "[", "<")):
        return True
    control = len(head) - len(head.translate(None, _CONTROL))
    return control <= len(head) * _BINARY_SHARE and 0 not in head


def _is_readable(head: bytes) -> bool:
    # Bytes above 127 alone make no text: an erased block of a memory chip is all 0xFF.
    if head.startswith(_TEXT_MARKS):
        return True
    return head.decode("utf-8", "replace").count("\ufffd") <= len(head) * _GARBLED_SHARE
