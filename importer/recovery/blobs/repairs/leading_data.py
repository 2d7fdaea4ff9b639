"""Skip bytes before the blob: the response headers that ``curl -i`` saves, or a text that crept in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from importer.formats.signatures import COMPRESSED_KINDS, HEAD_SIZE, FileKind, kind_of_head, readable_start
from importer.inspection.examiner import Examiner
from importer.inspection.file_facts import FileFacts
from importer.places.address import Part
from importer.plan.causes import LeadingData
from importer.recovery.blobs.candidates import BySize, likeliest_first
from importer.recovery.blobs.repairs.attempt import Attempt, Wanted

_MAX_LEADING: Final = 64 * 1024
_BLANK_LINES: Final = (b"\r\n\r\n", b"\n\n")
_LONGEST_HEAD: Final = _MAX_LEADING + len(_BLANK_LINES[0]) + HEAD_SIZE
_BLOB_KINDS: Final = COMPRESSED_KINDS | {FileKind.TAR, FileKind.JSON}


def attempts(wanted: Wanted) -> Iterator[Attempt]:
    """Propose the rest of a file from the end of its headers on, or from where the sizes fit."""
    size = wanted.descriptor.size
    for fact in _larger(wanted) if size > 0 else ():
        head = _head(fact, wanted.examiner)
        for start in _starts(head, fact.size - size):
            if start + size <= fact.size and _is_blob_at(head, start):
                after = fact.size - size - start
                cause = LeadingData(start, after, _first_line(head[:start]))
                yield Attempt(Part(fact.file.address, start, size), cause, fact)


def _larger(wanted: Wanted) -> Iterator[FileFacts]:
    size = wanted.descriptor.size
    named = wanted.candidates.named_after(wanted.descriptor)
    headed = wanted.candidates.indexed_by(_headed_by_body, wanted.examiner).least(size)
    close = (fact for fact in wanted.candidates.indexed_by(_by_size).above(size) if fact.size - size <= _MAX_LEADING)
    return (fact for fact in likeliest_first((*named, *headed, *close), wanted.descriptor) if fact.size > size)


def _by_size(facts: Sequence[FileFacts]) -> BySize[FileFacts]:
    return BySize((fact.size, fact) for fact in facts)


def _headed_by_body(facts: Sequence[FileFacts], examiner: Examiner) -> BySize[FileFacts]:
    """Files in which a blob begins behind a blank line, by the size of all that follows that."""
    heads = ((fact, _head(fact, examiner)) for fact in facts)
    starts = ((fact, head, start) for fact, head in heads for start in _ends_of_headers(head))
    return BySize((fact.size - start, fact) for fact, head, start in starts if _is_blob_at(head, start))


def _starts(head: bytes, surplus: int) -> Iterator[int]:
    if surplus <= _MAX_LEADING:
        yield surplus
    yield from (end for end in _ends_of_headers(head) if end != surplus)


def _ends_of_headers(head: bytes) -> Iterator[int]:
    for blank in _BLANK_LINES:
        end = head.find(blank, 0, _MAX_LEADING)
        if end >= 0:
            yield end + len(blank)


def _first_line(leading: bytes) -> str:
    """The beginning of the bytes in front, when they are a text: of other bytes nobody wants to see any."""
    line = readable_start(leading)[:60].split("\n")[0].strip()
    return line if line.isprintable() and "\ufffd" not in line else ""


def _is_blob_at(head: bytes, start: int) -> bool:
    return kind_of_head(head[start : start + HEAD_SIZE]) in _BLOB_KINDS


def _head(fact: FileFacts, examiner: Examiner) -> bytes:
    return examiner.head_of(fact.file.address, _LONGEST_HEAD) or b""
