"""Leave out what a resumed download wrote too much in the middle: a range twice, or the server's message.

The surplus tells how many bytes these are. Where they stand is found in one pass over the file for each kind: bytes
that equal those just as far before them, or a run of text in binary data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from importer.formats.decoders import can_decompress
from importer.formats.error_pages import message_of_markup
from importer.formats.runs import Run
from importer.inspection.examiner import Examiner
from importer.inspection.file_facts import FileFacts
from importer.places.address import Address, Joined, Part
from importer.plan.causes import OverlappingPieces
from importer.recovery.blobs.candidates import BySize, claim_of, likeliest_first
from importer.recovery.blobs.repairs.attempt import Attempt, Wanted

_FEWEST_REPEATED: Final = 16
_SHORTEST_MESSAGE: Final = 12
_LONGEST_MESSAGE: Final = 1 << 20
_SHORTEST_BEYOND_ASCII: Final = 128
"""Nine of ten random bytes are ASCII text or beyond ASCII, so that only a long run of these is a text."""

_MOST_UNNAMED: Final = 4
_MOST_RUNS: Final = 8
_MOST_STARTS: Final = 24
_CHANCE: Final = 16
"""Bytes that binary data may add to a text by chance, at both ends together."""

_BEGINS: Final = re.compile(rb"<|HTTP/\d|\{|\[|curl: |\b[45]\d\d ")


def attempts(wanted: Wanted) -> Iterator[Attempt]:
    """Propose a file that is too long without each range that may have been written twice or by mistake."""
    for fact in _larger(wanted):
        surplus = fact.size - wanted.descriptor.size
        yield from _without_a_repeat(fact, surplus, wanted.examiner)
        yield from islice(_without_a_message(fact, surplus, wanted.examiner), _MOST_STARTS)


def _larger(wanted: Wanted) -> Iterator[FileFacts]:
    size = wanted.descriptor.size
    unnamed = wanted.candidates.indexed_by(_unnamed_by_size).above(size)[:_MOST_UNNAMED]
    for fact in likeliest_first((*wanted.candidates.named_after(wanted.descriptor), *unnamed), wanted.descriptor):
        # A download that began anew in the middle wrote less than all of it twice.
        if 0 < size < fact.size < 2 * size + _LONGEST_MESSAGE and not (fact.content and fact.content.is_whole):
            yield fact


def _unnamed_by_size(facts: Sequence[FileFacts]) -> BySize[FileFacts]:
    damaged = (f for f in facts if can_decompress(f.kind) and f.content and not f.content.is_whole)
    return BySize((fact.size, fact) for fact in damaged if claim_of(fact) is None)


def _without_a_repeat(fact: FileFacts, length: int, examiner: Examiner) -> Iterator[Attempt]:
    if length < _FEWEST_REPEATED:
        return
    for run in islice(examiner.repeats_in(fact.file.address, length), _MOST_RUNS):
        start = run.start + length
        yield Attempt(without(fact, start, length), OverlappingPieces(start, length), fact)


def _without_a_message(fact: FileFacts, length: int, examiner: Examiner) -> Iterator[Attempt]:
    if not _SHORTEST_MESSAGE <= length <= _LONGEST_MESSAGE:
        return
    for beyond_ascii in (False, True)[: 2 if length >= _SHORTEST_BEYOND_ASCII else 1]:
        for run in islice(examiner.texts_in(fact.file.address, length, beyond_ascii=beyond_ascii), _MOST_RUNS):
            text = examiner.part_of(fact.file.address, run.start, min(run.length, length + _LONGEST_MESSAGE))
            for start in _starts(run, text, length):
                message = text[start - run.start :][:length].decode("utf-8", "replace")
                cause = OverlappingPieces(start, length, message_of_markup(message))
                yield Attempt(without(fact, start, length), cause, fact)


def _starts(run: Run, text: bytes, length: int) -> Iterator[int]:
    """Where in a run of text a message of some length may begin: at a tag or the like before anywhere else."""
    slack = run.length - length
    likely = [begin.start() for begin in _BEGINS.finditer(text) if begin.start() <= slack]
    others = range(slack + 1) if slack <= _CHANCE else ()
    yield from (run.start + at for at in dict.fromkeys((*likely, *others)))


def without(fact: FileFacts, start: int, length: int) -> Address:
    """A file without ``length`` bytes from ``start`` on."""
    whole, behind = fact.file.address, start + length
    return Joined((Part(whole, 0, start), Part(whole, behind, fact.size - behind)))
