"""Numbers and records in a tar's headers, limited to what genuine archives have.

Sources: POSIX.1-2001 pax, "ustar Interchange Format" and "pax Header Block"; GNU tar manual, "Basic Tar Format".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

LARGEST: Final = (1 << 63) - 1
"""The largest size: Go's archive/tar keeps it in an int64."""

MAX_METADATA: Final = 1 << 20
"""Bytes of pax records and long names that one member may have; Go's archive/tar refuses more as well."""

MAX_RECORDS: Final = 4096
"""Records of one member that are read; real ones have a dozen, and each costs as much as a hundred bytes of content."""

_LENGTH_DIGITS: Final = 8


def header_number(field: bytes) -> int:
    """A number as a header block holds it, octal or binary, at most ``LARGEST``; 0 for anything else."""
    if field[0] & 0x80:
        number = int.from_bytes(field, "big") & ((1 << 88) - 1)
    else:
        digits = field.strip(b" \0")
        number = int(digits, 8) if digits and not digits.strip(b"01234567") else 0
    return min(number, LARGEST)


def pax_number(text: bytes) -> int | None:
    """A number as a pax record holds it, decimal; None for anything else or out of range."""
    digits = text.lstrip(b"0") or text[-1:]
    number = int(digits) if digits.isdigit() and len(digits) < 20 else None
    return number if number is None or number <= LARGEST else None


def pax_records(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The records of a pax header, up to the first that breaks the format, and no more than ``MAX_RECORDS``."""
    start = 0
    for _ in range(MAX_RECORDS):
        space = content.find(b" ", start, start + _LENGTH_DIGITS + 1)
        digits = content[start:space] if space > 0 else b""
        if not digits.isdigit() or int(digits) <= len(digits):
            return
        key, _, value = content[space + 1 : start + int(digits)].partition(b"=")
        yield key, value.removesuffix(b"\n")
        start += int(digits)
