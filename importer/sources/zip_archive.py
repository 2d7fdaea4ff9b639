"""Members of a zip, by its central directory where there is one.

Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.12 (central directory) and 4.3.16 (its end).
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from typing import BinaryIO, Final, cast

from importer.places.address import Address
from importer.places.byte_streams import read_at
from importer.places.opener import Opener
from importer.sources.archive_member import Flaw, Listed
from importer.sources.decompression import Allowance
from importer.sources.zip_entry import STORED, UTF8_FLAG, ZipEntry, listed, name_of
from importer.sources.zip_local import data_start, list_local, packed_size_at

_LOCAL_MAGIC: Final = b"PK\x03\x04"
_END_MAGIC: Final = b"PK\x05\x06"
_ONE_VOLUME: Final = "one volume of a multi-volume zip; give the folder that has all of them"
_VOLUMES_MAGIC: Final = b"PK\x07\x08"
_END_SIZE: Final = 22
_LOCATOR_SIZE: Final = 20
_MAX_END: Final = _END_SIZE + 0xFFFF
_MAX_DIRECTORY: Final = 24 << 20
"""Bytes of a directory that is read at once, which takes ten times as much memory: 160,000 members with long names."""

# What Python's reader raises for a directory that breaks the format; damage must not look like a bug.
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    NotImplementedError,
    UnicodeError,
    struct.error,
    ValueError,
    OverflowError,
    EOFError,
    IndexError,
)


def has_directory_end(opener: Opener, file: Address) -> bool:
    """Whether a file ends as a zip does, whatever stands at its start. Raises OSError."""
    with opener.open(file) as stream:
        end = _directory_end(stream)
    # The end's comment reaches to the file's last byte; a tar whose last member is a zip goes on.
    return len(end) >= _END_SIZE and len(end) == _END_SIZE + int.from_bytes(end[20:22], "little")


def list_zip(opener: Opener, archive: Address, size: int, allowance: Allowance) -> Iterator[Listed]:
    """Yield the members of a zip of ``size`` bytes; raises OSError."""
    with opener.open(archive) as stream:
        # The first disk of several begins with a magic of its own (APPNOTE 8.5.4).
        is_first = read_at(stream, 0, 8) == _VOLUMES_MAGIC + _LOCAL_MAGIC
        if _is_a_later_volume(stream) and not is_first:
            yield Flaw(_ONE_VOLUME)
            return
        if is_first:
            if not _directory_end(stream):
                yield Flaw(_ONE_VOLUME)
            # The directory counts from each volume's start; local headers stand where they are.
            yield from list_local(opener, archive, size, allowance, start=len(_VOLUMES_MAGIC))
            return
        try:
            members = _directory(stream)
        except _DAMAGE:
            yield Flaw("the zip's central directory is missing or damaged; the complete members are used")
            yield from list_local(opener, archive, size, allowance)
            return
        yield from (
            item if isinstance(item, Flaw) else listed(item, opener, archive, allowance)
            for item in _located(members, stream, size)
        )


def _directory(stream: BinaryIO) -> list[zipfile.ZipInfo]:
    with zipfile.ZipFile(cast("BinaryIO", _BoundedReads(stream))) as archive:
        members = sorted(archive.infolist(), key=lambda info: info.header_offset)
    promised = _promised_members(stream)
    # A damaged length swallows the entries behind it, and the rest of the directory still reads well.
    if promised is not None and promised != len(members):
        raise zipfile.BadZipFile(f"{len(members)} entries instead of {promised}")
    # In a zip that was cut, the last directory that is found may be that of a zip inside.
    if read_at(stream, 0, 4) == _LOCAL_MAGIC and not (members and members[0].header_offset == 0):
        raise zipfile.BadZipFile("another zip's directory")
    return members


def _located(members: list[zipfile.ZipInfo], stream: BinaryIO, size: int) -> Iterator[ZipEntry | Flaw]:
    """Find each member's data; members that share bytes are an attack ("A better zip bomb", Fifield 2019).

    A size in the directory that reaches into the next member is held against the one in the member's own header.
    """
    end = 0
    limits = [*(info.header_offset for info in members[1:]), size]
    for info, limit in zip(members, limits, strict=True):
        name = _name(info)
        start = data_start(stream, info.header_offset) if 0 <= info.header_offset < size else None
        if start is None:
            yield Flaw("its header is damaged or on another volume of the zip", name)
            continue
        if info.header_offset < end:
            yield Flaw("it shares bytes with another member, as in an attack; refused", name)
            continue
        packed_size = info.compress_size
        if start + packed_size > limit:
            packed_size = packed_size_at(stream, info.header_offset) or packed_size
        if start + packed_size > size and limit < size:
            yield Flaw("its size in the zip's directory is damaged", name)
            continue
        there = min(packed_size, max(size - start, 0))
        end = start + there
        real_size = there if info.compress_type == STORED else info.file_size
        yield ZipEntry(name, info.flag_bits, info.compress_type, start, there, real_size, info.external_attr >> 16)


def _name(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & UTF8_FLAG:
        return info.orig_filename.split("\0", 1)[0].replace("\\", "/")
    return name_of(info.orig_filename.encode("cp437"), info.flag_bits)


def _is_a_later_volume(stream: BinaryIO) -> bool:
    end = _directory_end(stream)
    # In zip64 archives the number may be 0xFFFF, and the true one stands elsewhere; Python's reader checks that.
    return len(end) >= 8 and end[4:6] not in (b"\0\0", b"\xff\xff")


def _promised_members(stream: BinaryIO) -> int | None:
    """How many members the directory's end promises (APPNOTE 4.3.14 to 4.3.16); None where it doesn't tell."""
    end = _directory_end(stream)
    if len(end) < _END_SIZE:
        return None
    count = int.from_bytes(end[10:12], "little")
    if count < 0xFFFF:
        return count
    at = stream.seek(0, 2) - len(end) - _LOCATOR_SIZE
    locator = read_at(stream, max(at, 0), _LOCATOR_SIZE)
    if not locator.startswith(b"PK\x06\x07"):
        return None
    large = read_at(stream, int.from_bytes(locator[8:16], "little"), 40)
    return int.from_bytes(large[32:40], "little") if large.startswith(b"PK\x06\x06") else None


def _directory_end(stream: BinaryIO) -> bytes:
    size = stream.seek(0, 2)
    tail = read_at(stream, max(size - _MAX_END, 0), _MAX_END)
    at = tail.rfind(_END_MAGIC)
    return tail[at:] if at >= 0 else b""


class _BoundedReads:
    """A file that refuses to be read into memory, as a hostile directory's size would have it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.seek = stream.seek
        self.tell = stream.tell

    def read(self, size: int = -1) -> bytes:
        if size > _MAX_DIRECTORY:
            raise zipfile.BadZipFile("the directory is too large")
        # Without a size it asks for the file's end, where it looks for the directory's end.
        return read_at(self._stream, self._stream.tell(), size if size >= 0 else _MAX_END)
