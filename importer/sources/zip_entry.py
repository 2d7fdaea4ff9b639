"""One member of a zip: what its headers say, and how it is opened.

Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3 and 4.4.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import Final

from importer.formats.decoders import Coding
from importer.places.address import Address, Part, Unpacked
from importer.places.opener import Opener
from importer.sources.archive_member import Flaw, Folder, Link, Listed, Member
from importer.sources.decompression import Allowance

STORED, DEFLATED, ZSTD = 0, 8, 93
UTF8_FLAG: Final = 1 << 11
DESCRIPTOR_FLAG: Final = 1 << 3
_ENCRYPTED_FLAGS: Final = 1 | 1 << 6 | 1 << 13
_MAX_LINK: Final = 4096
_CODINGS: Final = {DEFLATED: Coding.DEFLATE, ZSTD: Coding.ZSTD}

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


def coding_of(method: int) -> Coding | None:
    """How a method packs; None for stored members and for methods that can't be read."""
    return _CODINGS.get(method)


def refusal_of(flags: int, method: int) -> str:
    """Why members of this kind can't be read; empty when they can."""
    if flags & _ENCRYPTED_FLAGS:
        return "encrypted with a password; unpack the archive with it, and give the folder"
    if method == STORED or method in _CODINGS:
        return ""
    named = _METHOD_NAMES.get(method, f"method {method}")
    return (
        f"compressed with {named}, which can't be read here; unpack the archive with 7-Zip (7z x) and give the folder"
    )


def listed(entry: ZipEntry, opener: Opener, archive: Address, allowance: Allowance) -> Listed:
    """Say what an entry is."""
    if entry.is_folder:
        return Folder(entry.name)
    if refusal := refusal_of(entry.flags, entry.method):
        return Flaw(refusal, entry.name)
    try:
        if entry.method != STORED:
            allowance.spend(entry.size)
        member = _member(entry, archive)
        return _link(entry, opener, member) if stat.S_ISLNK(entry.mode) and entry.size <= _MAX_LINK else member
    except OSError as error:
        return Flaw(error.strerror or str(error), entry.name)


def _link(entry: ZipEntry, opener: Opener, member: Member) -> Link:
    target = opener.head(member.content, _MAX_LINK)
    return Link(entry.name, target.decode("utf-8", "backslashreplace"))


def _member(entry: ZipEntry, archive: Address) -> Member:
    part = Part(archive, entry.start, entry.packed_size)
    coding = coding_of(entry.method)
    if coding is None:
        return Member(entry.name, entry.packed_size, part)
    return Member(entry.name, entry.size, Unpacked(part, coding, most=entry.size))
