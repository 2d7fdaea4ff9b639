"""Members of a tar, found by their headers and read in place.

Source: POSIX.1-2001 pax, section "ustar Interchange Format", typeflag; GNU tar manual, "Basic Tar Format".
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from importer.formats.tar_headers import TarEntry
from importer.places.address import Address, Part
from importer.places.opener import Opener
from importer.sources.archive_member import Flaw, Folder, Link, Listed, Member
from importer.sources.tar_reader import LostHeader, MemberReader

_HARD_LINK, _SYMBOLIC_LINK, _FOLDER = b"1", b"2", b"5"
_DEVICES: Final = {
    b"3": "a device, not a regular file",
    b"4": "a device, not a regular file",
    b"6": "a named pipe, not a regular file",
}
_REFUSED: Final = {
    b"S": "a sparse file; unpack the archive yourself and give the folder",
    b"M": "the continuation of a file from another volume; unpack all volumes and give the folder",
}
_IGNORED: Final = frozenset({b"D", b"V"})
"""GNU's listings of folders and names of volumes: they hold no files."""

_MOST_PLACES: Final = 3


def list_tar(opener: Opener, tar: Address, size: int) -> Iterator[Listed]:
    """Yield the members of a tar of ``size`` bytes; a cut one as the shorter file it is. Raises OSError.

    Zeros are no end while a header follows: archives are put one behind the other (``cat a.tar b.tar``), and disks
    lose blocks. Nor is damage. Content that has lost its header is a file that is named after its place.
    """
    with opener.open(tar) as stream:
        reader = MemberReader(stream, size)
        for found in reader.members():
            if isinstance(found, LostHeader):
                length = found.end - found.start
                yield Member(f"from-byte-{found.start}", length, Part(tar, found.start, length))
            else:
                yield _listed(found, tar, size)
    yield from _flaws(reader)


def first_members(opener: Opener, tar: Address, size: int, limit: int) -> Iterator[TarEntry]:
    """Yield the first members, at most ``limit``; raises OSError."""
    with opener.open(tar) as stream:
        members = MemberReader(stream, size).members()
        yield from islice((member for member in members if isinstance(member, TarEntry)), limit)


def has_lost_blocks(opener: Opener, tar: Address, size: int) -> bool:
    """Whether a tar is damaged so that its headers don't lead to its end; raises OSError."""
    with opener.open(tar) as stream:
        reader = MemberReader(stream, size)
        return any(not reader.damages[-1].is_bridged for _ in reader.members() if reader.damages)


def _flaws(reader: MemberReader) -> Iterator[Flaw]:
    if reader.damages:
        yield Flaw(_damage(reader), is_bridged=all(damage.is_bridged for damage in reader.damages))
    elif reader.no_tar_from is not None:
        yield Flaw(
            f"what follows the archive's end, from byte {reader.no_tar_from} on, is not a tar; the data before it is "
            "used"
        )
    elif reader.is_cut:
        yield Flaw("the archive's end is missing; the rest is used")


def _damage(reader: MemberReader) -> str:
    places = [str(damage.offset) for damage in reader.damages]
    if len(places) > _MOST_PLACES:
        places[_MOST_PLACES:] = [f"{len(places) - _MOST_PLACES:,} more"]
    if len(places) == 1:
        where = "before it" if reader.stopped_at is not None else "before and behind it"
        return f"the archive is damaged at byte {places[0]}; the members {where} are used{_end(reader)}"
    listed = f"{', '.join(places[:-1])} and {places[-1]}"
    return f"the archive is damaged at bytes {listed}; the members around them are used{_end(reader)}"


def _end(reader: MemberReader) -> str:
    if reader.stopped_at is not None and len(reader.damages) > 1:
        return f"; from byte {reader.stopped_at} on, no header was found"
    return "; its end is missing" if reader.is_cut else ""


def _listed(entry: TarEntry, tar: Address, size: int) -> Listed:
    if entry.kind in _DEVICES:
        return Flaw(_DEVICES[entry.kind], entry.name, is_empty=True)
    if entry.kind in _REFUSED:
        return Flaw(_REFUSED[entry.kind], entry.name)
    if entry.kind == _FOLDER or entry.kind in _IGNORED or entry.name.endswith("/"):
        return Folder(entry.name if entry.kind not in _IGNORED else "")
    if entry.kind in (_HARD_LINK, _SYMBOLIC_LINK):
        return Link(entry.name, entry.link, is_hard=entry.kind == _HARD_LINK)
    there = min(entry.size, max(size - entry.offset, 0))
    return Member(entry.name, there, Part(tar, entry.offset, there))
