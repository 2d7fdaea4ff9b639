"""The local headers of a zip: where each member's data lies, and what is left of a zip that was cut.

Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7 (local file header), 4.3.9 (data descriptor) and 4.5.3 (zip64).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import BinaryIO, Final

from importer.formats.decoders import decoder_of
from importer.formats.streams import Ending
from importer.places.address import Address, Part
from importer.places.byte_streams import BLOCK_SIZE, read_at
from importer.places.opener import Opener, decoded
from importer.sources.archive_member import Flaw, Listed
from importer.sources.decompression import Allowance, TooLargeError
from importer.sources.zip_entry import DESCRIPTOR_FLAG, STORED, ZipEntry, coding_of, listed, name_of, refusal_of

_LOCAL: Final = struct.Struct("<4s2x2H4x3L2H")
_LOCAL_MAGIC: Final = b"PK\x03\x04"
_DESCRIPTOR_MAGIC: Final = b"PK\x07\x08"
_AFTER_MEMBERS: Final = (b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x08")
_ZIP64_EXTRA: Final = 1
_IN_ZIP64: Final = 0xFFFFFFFF
_DESCRIPTOR_SIZES: Final = (24, 16, 20, 12)
"""With and without magic, zip64 or not: magic 4, CRC 4, two sizes of 8 or 4 bytes."""


@dataclass(frozen=True, slots=True)
class _Local:
    entry: ZipEntry
    end: int
    is_cut: bool = False


def data_start(stream: BinaryIO, header: int) -> int | None:
    """Where the data of the member begins whose local header is here; None when none is. Raises OSError."""
    raw = read_at(stream, header, _LOCAL.size)
    if len(raw) < _LOCAL.size or not raw.startswith(_LOCAL_MAGIC):
        return None
    *_, name_size, extra_size = _LOCAL.unpack(raw)
    return int(header + _LOCAL.size + name_size + extra_size)


def packed_size_at(stream: BinaryIO, header: int) -> int | None:
    """How many bytes the member's own header gives its data; None where a descriptor behind them does."""
    found = _local_at(stream, header)
    return found.entry.packed_size if found and not found.entry.flags & DESCRIPTOR_FLAG else None


def list_local(
    opener: Opener, archive: Address, size: int, allowance: Allowance, *, start: int = 0
) -> Iterator[Listed]:
    """Yield the members of a zip of ``size`` bytes by their local headers alone, from ``start`` on; raises OSError."""
    with opener.open(archive) as stream:
        position = start
        while position < size:
            found = _local_at(stream, position)
            if found is None:
                yield from _after(stream, position)
                return
            try:
                found = _measured(found, opener, archive, size, allowance)
            except TooLargeError as error:
                yield Flaw(str(error.strerror), found.entry.name)
                return
            yield listed(found.entry, opener, archive, allowance)
            if found.is_cut:
                return
            position = found.end


def _after(stream: BinaryIO, position: int) -> Iterator[Flaw]:
    head = read_at(stream, position, 4)
    if head not in _AFTER_MEMBERS and len(head) == 4:
        yield Flaw(f"the archive is damaged at byte {position}; the members before it are used")


def _local_at(stream: BinaryIO, position: int) -> _Local | None:
    raw = read_at(stream, position, _LOCAL.size)
    if len(raw) < _LOCAL.size or not raw.startswith(_LOCAL_MAGIC):
        return None
    _, flags, method, _, packed_size, size, name_size, extra_size = _LOCAL.unpack(raw)
    name = stream.read(name_size)
    packed_size, size = _zip64_sizes(stream.read(extra_size), packed_size, size)
    start = position + _LOCAL.size + name_size + extra_size
    entry = ZipEntry(name_of(name, flags), flags, method, start, packed_size, size)
    return _Local(entry, start + packed_size)


def _zip64_sizes(extra: bytes, packed_size: int, size: int) -> tuple[int, int]:
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<2H", extra)
        if kind == _ZIP64_EXTRA and length >= 16 and len(extra) >= 20 and _IN_ZIP64 in (packed_size, size):
            size, packed_size = struct.unpack_from("<2Q", extra, 4)
        extra = extra[4 + length :]
    return packed_size, size


def _measured(found: _Local, opener: Opener, archive: Address, archive_size: int, allowance: Allowance) -> _Local:
    """Find out where a member's data ends when its header leaves that open, or the archive ends before."""
    entry = found.entry
    room = max(archive_size - entry.start, 0)
    if entry.flags & DESCRIPTOR_FLAG and not entry.packed_size and not refusal_of(entry.flags, entry.method):
        measure = _measure_stored if entry.method == STORED else partial(_measure_packed, allowance=allowance)
        return measure(entry, opener, archive, room)
    if entry.packed_size > room:
        cut = replace(entry, packed_size=room, size=room if entry.method == STORED else entry.size)
        return _Local(cut, archive_size, is_cut=True)
    return found


def _measure_packed(entry: ZipEntry, opener: Opener, archive: Address, room: int, *, allowance: Allowance) -> _Local:
    coding = coding_of(entry.method)
    assert coding is not None  # noqa: S101 - refused methods don't come here
    decoder, size = decoder_of(coding), 0
    for piece in decoded(opener.open(Part(archive, entry.start, room)), decoder):
        size += len(piece)
        allowance.spend(len(piece))
    # It is spent again when the member is listed; measuring must not halve what a download may hold.
    allowance.give_back(size)
    measured = replace(entry, packed_size=decoder.consumed, size=size)
    is_cut = decoder.close() not in (Ending.COMPLETE, Ending.TRAILING_DATA)
    return _Local(measured, _after_descriptor(opener, archive, measured), is_cut)


def _after_descriptor(opener: Opener, archive: Address, entry: ZipEntry) -> int:
    with opener.open(archive) as stream:
        end = entry.start + entry.packed_size
        raw = read_at(stream, end, max(_DESCRIPTOR_SIZES) + 4)
    for size in _DESCRIPTOR_SIZES:
        if raw[size : size + 4] in (_LOCAL_MAGIC, *_AFTER_MEMBERS):
            return end + size
    return end + (16 if raw.startswith(_DESCRIPTOR_MAGIC) else 12)


def _measure_stored(entry: ZipEntry, opener: Opener, archive: Address, room: int) -> _Local:
    """Look for the descriptor that gives its own distance as the size."""
    with opener.open(Part(archive, entry.start, room)) as stream:
        position, rest = 0, b""
        while block := stream.read(BLOCK_SIZE):
            window = rest + block
            at = window.find(_DESCRIPTOR_MAGIC)
            while at >= 0:
                if _is_size(read_at(stream, position + at + 8, 8), position + at):
                    size = position + at
                    measured = replace(entry, packed_size=size, size=size)
                    return _Local(measured, _after_descriptor(opener, archive, measured))
                at = window.find(_DESCRIPTOR_MAGIC, at + 1)
            position += len(window) - 3
            rest = window[-3:]
            stream.seek(position + 3)
    return _Local(replace(entry, packed_size=room, size=room), entry.start + room, is_cut=True)


def _is_size(raw: bytes, size: int) -> bool:
    return size in (int.from_bytes(raw[:4], "little"), int.from_bytes(raw, "little")) and len(raw) == 8
