"""Archives that lie in a transfer coding, or were rewritten by a program that took them for text."""

from __future__ import annotations

import struct
from contextlib import closing, suppress
from typing import Final

from importer.errors import DecodeError
from importer.formats.decoders import Coding, coding_of
from importer.formats.signatures import TAR_BLOCK, has_tar_magic, is_tar_header, kind_of_head
from importer.formats.tar_headers import TarWalker
from importer.formats.transfer_codings.coding import TransferCoding
from importer.formats.transfer_codings.marks import codings_shown, decoded_start, has_replacements
from importer.places.address import Address, Decoded, Unpacked
from importer.places.opener import Opener

_TELLING: Final = 64 << 10
_LOOK: Final = 4 << 20
ZIP_MAGICS: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08PK\x03\x04")
"""A member, an empty zip, and the first of several disks (APPNOTE 4.3.7, 4.3.16, 8.5.4)."""
_DIRECTORY: Final = b"PK\x01\x02"
_LOCAL: Final = struct.Struct("<4sxxH10xI4xHH")
_SIZES_BEHIND: Final = 1 << 3
_HEAD: Final = 6

REPLACED: Final = (
    "a program read it as UTF-8 text and wrote EF BF BD (U+FFFD) for every byte that it couldn't read; those bytes "
    "are lost"
)


def decoded_archive(address: Address, opener: Opener) -> Decoded | None:
    """The archive that a file's bytes stand for in a coding; None for all other files. Raises OSError."""
    start = opener.head(address, _TELLING)
    is_archive = begins_archive(start)
    for coding in codings_shown(start):
        made = Decoded(address, coding)
        # Text in an archive has line ends of its own: it was rewritten only if that broke its headers.
        if begins_archive(decoded_start(start, coding)) and not (is_archive and not _is_better(made, opener)):
            return made
    return None


def was_replaced(address: Address, opener: Opener) -> bool:
    """Whether a damaged file was taken for text, and what could not be read of it was lost.

    A tar of texts may hold U+FFFD of its own. Three bytes in place of one move all that follows them: the tar of a
    rewritten file breaks where a header should stand, and none does. Any other damage leaves headers in their places.
    """
    try:
        start = opener.head(address, _TELLING)
        is_tar = is_tar_header(start) or has_tar_magic(start)
        return has_replacements(start) and not (is_tar and not _has_moved_headers(address, opener))
    except (OSError, DecodeError):
        return False


def begins_archive(start: bytes) -> bool:
    """Whether the first bytes are those of a zip, of a tar, or of something packed that may be one."""
    return start.startswith(ZIP_MAGICS) or coding_of(kind_of_head(start[:6])) is not None or is_tar_header(start)


def _has_moved_headers(address: Address, opener: Opener) -> bool:
    walker = TarWalker()
    with closing(opener.blocks(address)) as blocks:
        for block in blocks:
            walker.feed(block)
            if walker.ended or walker.broken_at is not None:
                break
    if walker.broken_at is None:
        return False
    broken = b"".join(opener.blocks(address, start=walker.broken_at, length=TAR_BLOCK))
    # Where a bit flipped in a header, its magic is left; where zeros begin in one, nothing but zeros follows.
    return not has_tar_magic(broken) and any(broken[TAR_BLOCK // 2 :])


def _is_better(decoded: Decoded, opener: Opener) -> bool:
    return decoded.coding is not TransferCoding.CRLF_TO_LF and _members(decoded, opener) > _members(
        decoded.encoded, opener
    )


def _members(address: Address, opener: Opener) -> tuple[int, bool]:
    """How many members are found one behind the other in the first bytes (4 MiB), and whether the end was seen."""
    walker = TarWalker()
    with suppress(OSError, DecodeError):
        head = opener.head(address, _HEAD)
        if head.startswith(ZIP_MAGICS):
            return _members_of_zip(opener.head(address, _LOOK)), False
        coding = coding_of(kind_of_head(head[:6])) or Coding.STORED
        with closing(opener.blocks(Unpacked(address, coding), length=_LOOK)) as blocks:
            for block in blocks:
                walker.feed(block)
                if walker.ended or walker.broken_at is not None:
                    break
    return walker.entry_count, walker.ended


def _members_of_zip(start: bytes) -> int:
    """Local headers, each behind the data of the one before (APPNOTE 4.3.7), and the directory behind the last one."""
    count = position = 0
    while start.startswith((ZIP_MAGICS[0], _DIRECTORY), position) and position + _LOCAL.size <= len(start):
        count += 1
        _, flags, packed, name, extra = _LOCAL.unpack_from(start, position)
        if flags & _SIZES_BEHIND or start.startswith(_DIRECTORY, position):
            break
        position += _LOCAL.size + packed + name + extra
    return count
