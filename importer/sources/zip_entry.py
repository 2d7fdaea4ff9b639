"""One member of a zip: what its headers say, and how it is opened.

Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3 and 4.4.
"""

from __future__ import annotations

import stat
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Final

from importer.formats.streams import DecodedStream
from importer.formats.zstandard_frames import ZstdStream
from importer.sources.archive_member import Flaw, Folder, Link, Listed, Member
from importer.sources.byte_streams import Opener, open_part, open_pieces
from importer.sources.decompression import Allowance, DeflateStream, decoded

STORED, DEFLATED, ZSTD = 0, 8, 93
UTF8_FLAG: Final = 1 << 11
DESCRIPTOR_FLAG: Final = 1 << 3
_ENCRYPTED_FLAGS: Final = 1 | 1 << 6 | 1 << 13
_MAX_LINK: Final = 4096
_MAY_SHRINK: Final[dict[int, type[DecodedStream]]] = {DEFLATED: DeflateStream, ZSTD: ZstdStream}

# APPNOTE 4.4.5.
_METHOD_NAMES: Final = {
    1: "Shrunk",
    6: "Imploded",
    9: "Deflate64",
    12: "bzip2",
    14: "LZMA",
    95: "xz",
    97: "WavPack",
    98: "PPMd",
    99: "AES encryption",
}


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """A member as its headers describe it.

    Attributes:
        name: with ``/`` between folders.
        flags, method: general purpose bits and compression method.
        start: offset of its data in the archive.
        packed_size, size: bytes of its data, and bytes that should come out of them.
        mode: Unix mode; 0 where the archive gives none.
    """

    name: str
    flags: int
    method: int
    start: int
    packed_size: int
    size: int
    mode: int = 0

    @property
    def is_folder(self) -> bool:
        """Whether it only says that a folder is there."""
        return self.name.endswith("/")


def name_of(raw: bytes, flags: int) -> str:
    """Read a name: UTF-8 where the flag says so or the bytes are, else code page 437 (APPNOTE, appendix D)."""
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        name = raw.decode("utf-8", "backslashreplace") if flags & UTF8_FLAG else raw.decode("cp437")
    # Some Windows programs write backslashes, which APPNOTE 4.4.17 forbids.
    return name.split("\0", 1)[0].replace("\\", "/")


def decoder_of(method: int) -> type[DecodedStream] | None:
    """The decompressor of a method; None for stored members and for methods that can't be read."""
    return _MAY_SHRINK.get(method)


def refusal_of(flags: int, method: int) -> str:
    """Why members of this kind can't be read; empty when they can."""
    if flags & _ENCRYPTED_FLAGS:
        return "encrypted with a password; unpack the archive with it, and give the folder"
    if method == STORED or method in _MAY_SHRINK:
        return ""
    named = _METHOD_NAMES.get(method, f"method {method}")
    return f"compressed by {named}, which can't be read here; unpack the archive yourself and give the folder"


def listed(entry: ZipEntry, opener: Opener, allowance: Allowance) -> Listed:
    """Say what an entry is."""
    if entry.is_folder:
        return Folder(entry.name)
    if refusal := refusal_of(entry.flags, entry.method):
        return Flaw(refusal, entry.name)
    try:
        if entry.method != STORED:
            allowance.spend(entry.size)
        member = _member(entry, opener)
        return _link(entry, member) if stat.S_ISLNK(entry.mode) and entry.size <= _MAX_LINK else member
    except OSError as error:
        return Flaw(error.strerror or str(error), entry.name)


def _link(entry: ZipEntry, member: Member) -> Link:
    with member.open() as stream:
        return Link(entry.name, stream.read(_MAX_LINK).decode("utf-8", "backslashreplace"))


def _member(entry: ZipEntry, opener: Opener) -> Member:
    part = partial(open_part, opener, entry.start, entry.packed_size)
    if entry.method == STORED:
        return Member(entry.name, entry.packed_size, part)
    return Member(entry.name, entry.size, partial(_open_packed, part, entry))


def _open_packed(part: Opener, entry: ZipEntry) -> BinaryIO:
    return open_pieces(_bounded(decoded(part(), _MAY_SHRINK[entry.method]()), entry.size))


def _bounded(pieces: Generator[bytes, None, None], size: int) -> Generator[bytes, None, None]:
    with closing(pieces):
        for piece in pieces:
            size -= len(piece)
            if size < 0:
                raise OSError(0, "more comes out of it than the archive says it holds; refused")
            yield piece
