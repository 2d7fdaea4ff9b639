"""What a tar's header still says after bits of it have changed.

Source: POSIX.1-2001 pax, section "ustar Interchange Format": size, chksum, typeflag and magic.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from importer.formats.signatures import TAR_BLOCK
from importer.formats.tar_numbers import header_number

_CHECKSUM, _SIZE, _TYPE, _MAGIC = slice(148, 156), slice(124, 136), slice(156, 157), slice(257, 262)
_BITS: Final = tuple(1 << bit for bit in range(8))
_WITH_CONTENT: Final = frozenset({b"x", b"g", b"X", b"L", b"K", b"S", b"M", b"7", b"\0"})
"""Kinds of members that have content, beside regular files."""


def may_be_header(block: bytes) -> bool:
    """Whether a block was a header before it was damaged: its magic is left, but for one byte."""
    magic = block[_MAGIC]
    return len(block) == TAR_BLOCK and sum(byte == wanted for byte, wanted in zip(magic, b"ustar", strict=False)) >= 4


def possible_sizes(block: bytes) -> Iterator[int]:
    """The sizes that a damaged header may have had: the one that it says, then those that one bit would make of it."""
    field, excess = block[_SIZE], _excess(block)
    if _is_number(field):
        yield header_number(field)
    for position, byte in enumerate(field):
        for bit in _BITS:
            # The sum of the bytes has grown by the bit if it is set now, and has shrunk by it if it isn't.
            if excess == (bit if byte & bit else -bit):
                changed = field[:position] + bytes([byte ^ bit]) + field[position + 1 :]
                if _is_number(changed):
                    yield header_number(changed)


def mended_header(block: bytes, size: int) -> bytes:
    """The header with this size of the content, and with a right checksum."""
    kind = block[_TYPE]
    # Links, devices and folders have no content: what has some was a file.
    kind = b"0" if size and kind not in _WITH_CONTENT else kind
    mended = bytearray(block)
    mended[_SIZE] = b"\x80" + size.to_bytes(11, "big")
    mended[_TYPE] = kind
    mended[0] = mended[0] or ord("_")
    mended[_CHECKSUM] = b" " * 8
    mended[_CHECKSUM] = b"%06o\0 " % sum(mended)
    return bytes(mended)


def _is_number(field: bytes) -> bool:
    return field[0] == 0x80 or not field.strip(b" \0").strip(b"01234567")


def _excess(block: bytes) -> int:
    """How much the sum of the bytes is above the checksum; 0 where the checksum is no number."""
    stored = block[_CHECKSUM].strip(b" \0")
    if not stored or stored.strip(b"01234567"):
        return 0
    return sum(block) - sum(block[_CHECKSUM]) + 8 * ord(" ") - int(stored, 8)
