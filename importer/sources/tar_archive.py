"""Members of a tar, found by their headers and read in place.

Source: POSIX.1-2001 pax, section "ustar Interchange Format", typeflag; GNU tar manual, "Basic Tar Format".
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import BinaryIO, Final

from importer.formats.signatures import TAR_BLOCK, is_tar_header
from importer.formats.tar_headers import TarEntry, TarWalker
from importer.places.address import Address, Part
from importer.places.byte_streams import BLOCK_SIZE, read_at
from importer.places.opener import Opener
from importer.sources.archive_member import Flaw, Folder, Link, Listed, Member

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


def list_tar(opener: Opener, tar: Address, size: int) -> Iterator[Listed]:
    """Yield the members of a tar of ``size`` bytes; a cut one as the shorter file it is. Raises OSError.

    Zeros are no end while a header follows: archives are put one behind the other (``cat a.tar b.tar``), and disks
    lose blocks.
    """
    start: int | None = 0
    while start is not None:
        start = yield from _list_from(start, opener, Part(tar, start, size - start))


def _list_from(start: int, opener: Opener, tar: Part) -> Generator[Listed, None, int | None]:
    """Yield the members up to the next end; gives the place of the header that follows it, if one does."""
    size = tar.length
    with opener.open(tar) as stream:
        walker = TarWalker(keep_entries=True)
        yield from (_listed(entry, tar) for entry in _walk(stream, walker))
        position = stream.tell()
        behind = _first_block_behind(stream, size) if walker.ended else None
    if behind is not None:
        offset, block = behind
        if is_tar_header(block):
            return start + offset
        yield Flaw(
            f"what follows the archive's end, from byte {start + offset} on, is not a tar; the data before it is used"
        )
    elif walker.broken_at is not None:
        yield Flaw(f"the archive is damaged at byte {start + walker.broken_at}; the members before it are used")
    elif not walker.ended and position > 0:
        yield Flaw("the archive's end is missing; the rest is used")
    return None


def _first_block_behind(stream: BinaryIO, size: int) -> tuple[int, bytes] | None:
    """The first block from here on that isn't all zeros, and its offset; raises OSError."""
    offset = stream.tell()
    while offset < size:
        blocks = read_at(stream, offset, BLOCK_SIZE)
        zeros = len(blocks) - len(blocks.lstrip(b"\0"))
        if zeros < len(blocks):
            offset += zeros // TAR_BLOCK * TAR_BLOCK
            return offset, read_at(stream, offset, TAR_BLOCK)
        offset += len(blocks) or size
    return None


def first_members(opener: Opener, tar: Address, limit: int) -> Iterator[TarEntry]:
    """Yield the first members, at most ``limit``; raises OSError."""
    with opener.open(tar) as stream:
        for _, entry in zip(range(limit), _walk(stream, TarWalker(keep_entries=True)), strict=False):
            yield entry


def _walk(stream: BinaryIO, walker: TarWalker) -> Iterator[TarEntry]:
    size = stream.seek(0, 2)
    stream.seek(0)
    while not walker.ended and walker.broken_at is None:
        if walker.content_left:
            position = stream.tell() + walker.content_left
            if position > size:
                return
            stream.seek(position)
            walker.pass_over()
        block = stream.read(TAR_BLOCK)
        if not block:
            return
        walker.feed(block)
        yield from walker.entries
        walker.entries.clear()


def _listed(entry: TarEntry, tar: Part) -> Listed:
    if entry.kind in _DEVICES:
        return Flaw(_DEVICES[entry.kind], entry.name, is_empty=True)
    if entry.kind in _REFUSED:
        return Flaw(_REFUSED[entry.kind], entry.name)
    if entry.kind == _FOLDER or entry.kind in _IGNORED or entry.name.endswith("/"):
        return Folder(entry.name if entry.kind not in _IGNORED else "")
    if entry.kind in (_HARD_LINK, _SYMBOLIC_LINK):
        return Link(entry.name, entry.link, is_hard=entry.kind == _HARD_LINK)
    there = min(entry.size, max(tar.length - entry.offset, 0))
    return Member(entry.name, there, Part(tar.whole, tar.start + entry.offset, there))
