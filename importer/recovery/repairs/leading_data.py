"""Skip bytes before the blob: the response headers that ``curl -i`` saves, or a text that crept in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from importer.formats.signatures import HEAD_SIZE, FileKind, kind_of_head, readable_start
from importer.inspection.file_facts import FileFacts
from importer.recovery.causes import LeadingData
from importer.recovery.recipes import Part, Whole
from importer.recovery.repairs.attempt import Attempt, Wanted
from importer.sources.byte_streams import skip

_MAX_LEADING: Final = 64 * 1024
_BLANK_LINES: Final = (b"\r\n\r\n", b"\n\n")
_BLOB_KINDS: Final = frozenset({FileKind.GZIP, FileKind.ZSTD, FileKind.BZIP2, FileKind.XZ, FileKind.TAR, FileKind.JSON})


def attempts(wanted: Wanted) -> Iterator[Attempt]:
    """Propose the rest of a file from the end of its headers on, or from where the sizes fit."""
    size = wanted.descriptor.size
    for fact in wanted.candidates:
        if not 0 < size < fact.size:
            continue
        head = _head(fact)
        for start in _starts(head, fact.size - size):
            if start + size <= fact.size and _is_blob_at(fact, start):
                after = fact.size - size - start
                cause = LeadingData(start, after, _first_line(head[:start]))
                yield Attempt(Part(Whole(fact.file), start, size), cause, fact)


def _starts(head: bytes, surplus: int) -> Iterator[int]:
    if surplus <= _MAX_LEADING:
        yield surplus
    for blank in _BLANK_LINES:
        end = head.find(blank)
        if end >= 0 and end + len(blank) != surplus:
            yield end + len(blank)


def _first_line(leading: bytes) -> str:
    """The beginning of the bytes in front, when they are a text: of other bytes nobody wants to see any."""
    line = readable_start(leading)[:60].split("\n")[0].strip()
    return line if line.isprintable() and "\ufffd" not in line else ""


def _head(fact: FileFacts) -> bytes:
    return _read(fact, 0, _MAX_LEADING)


def _is_blob_at(fact: FileFacts, start: int) -> bool:
    return kind_of_head(_read(fact, start, HEAD_SIZE)) in _BLOB_KINDS


def _read(fact: FileFacts, start: int, length: int) -> bytes:
    try:
        with fact.file.open() as stream:
            skip(stream, start)
            return stream.read(length)
    except OSError:
        return b""
