"""Files without what stands around them: several things may have happened to one file.

A proxy compresses and ``curl -i`` saves the headers in front; a mail gateway wants pieces, and one of them was
cut. A wrapping is taken off only where the file itself shows it, and what lies under it is inspected like a file
of its own, so that every repair can be tried on it. Nothing is kept in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.formats.http_headers import size_of_headers
from importer.formats.json_text import TextForm
from importer.formats.signatures import COMPRESSED_KINDS, HEAD_SIZE, TAR_BLOCK, FileKind, kind_of_head
from importer.formats.streams import Ending
from importer.inspection.content import compression_of_kind
from importer.inspection.examiner import Examiner
from importer.inspection.file_facts import FileFacts
from importer.places.address import Address, Decompressed, Joined, Literal, Part
from importer.plan.causes import Cause, CompressedAgain, Split, TrailingData, TruncatedTrailer
from importer.recovery.blobs.candidates import Candidates
from importer.recovery.blobs.encoded import GUESSES, decodings, may_be_recoded
from importer.recovery.blobs.repairs.split_file import numbered_series
from importer.recovery.blobs.restoration import cause_of_form
from importer.sources.source_file import SourceFile
from importer.work.executor import Executor
from importer.work.rounds import Search, in_rounds
from importer.work.task import Tools

_DEEPEST: Final = 3
"""Wrappings that are taken off, one under the other."""

_MOST_GROWTH: Final = 4
_SMALL: Final = 1 << 20
"""What was compressed before hardly grows when the outer compression is taken off; small documents may."""

_MAY_HAVE_HEADERS: Final = frozenset({FileKind.DATA, FileKind.TEXT})
_LONGEST_HEADERS: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class UnwrappedFile:
    """What a file becomes when the first things that happened to it are undone.

    Attributes:
        facts: of the bytes, as if they were a file of the same name; their address says how they come about.
        undone: the causes that were undone, the outermost first.
    """

    facts: FileFacts
    undone: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True)
class InspectUnwrapped:
    """Inspect what an address makes of a file."""

    file: SourceFile

    @property
    def size(self) -> int:
        """Bytes of the file around it."""
        return self.file.size

    def carry_out(self, tools: Tools) -> FileFacts | None:
        """Give the facts, with what is inside; None when the address makes nothing."""
        return Examiner(tools).facts_of(self.file)


class UnwrappedFiles:
    """All unwrapped files, to be found by what they are and hold.

    Attributes:
        files: their facts, as if they lay in a folder.
        shown: those of them whose wrapping the file itself shows. Any text may have had other line ends: such a guess
            is worth something only if a digest proves it.
    """

    def __init__(self, unwrapped: Iterable[UnwrappedFile]) -> None:
        self._by_address = {inner.facts.file.address: inner for inner in unwrapped}
        inner = self._by_address.values()
        self.files = Candidates(one.facts for one in inner)
        self.shown = Candidates(one.facts for one in inner if not any(cause in GUESSES for cause in one.undone))

    def of(self, facts: FileFacts) -> UnwrappedFile | None:
        """The unwrapped file with these facts; None where they are a file's own."""
        return self._by_address.get(facts.file.address)

    def like(self, descriptor: Descriptor) -> Iterator[UnwrappedFile]:
        """Those that are the blob, as far as their size and what is known of their digests tell."""
        digest = descriptor.digest
        key = digest if digest.algorithm == "sha256" else descriptor.size
        return (inner for inner in self._with_key(key) if inner.facts.size == descriptor.size)

    def holding(self, diff_id: Digest) -> Iterator[UnwrappedFile]:
        """Those that are a layer's content, or hold it compressed."""
        return self._with_key(diff_id)

    def _with_key(self, key: Digest | int) -> Iterator[UnwrappedFile]:
        return (self._by_address[facts.file.address] for facts in self.files.indexed_by(_by_identity).get(key, ()))


def unwrap_all(files: Sequence[FileFacts], examiner: Examiner, executor: Executor) -> Iterator[UnwrappedFile]:
    """Every file that is inside a wrapping of one of the files, or of several that are pieces."""
    alone = (_unwrap(UnwrappedFile(fact), examiner) for fact in files)
    joined = (_unwrap_joined(pieces, examiner) for pieces in numbered_series(files))
    for found in in_rounds(chain(alone, joined), executor, "Unwrapping"):
        yield from found


def _unwrap(outer: UnwrappedFile, examiner: Examiner, depth: int = _DEEPEST) -> Search[tuple[UnwrappedFile, ...]]:
    found: tuple[UnwrappedFile, ...] = ()
    for address, cause in _wrappings(outer.facts, examiner):
        inner = yield from _inspected(outer.facts, address, (*outer.undone, cause))
        if inner:
            found += (inner,)
            if depth > 1:
                found += yield from _unwrap(inner, examiner, depth - 1)
    return found


def _unwrap_joined(pieces: Sequence[tuple[int, FileFacts]], examiner: Examiner) -> Search[tuple[UnwrappedFile, ...]]:
    joined = yield from _joined(pieces, examiner)
    if not joined:
        return ()
    return (joined, *(yield from _unwrap(joined, examiner)))


def _wrappings(fact: FileFacts, examiner: Examiner) -> Iterator[tuple[Address, Cause]]:
    """The wrappings that a file shows, each with what is left when it is taken off."""
    whole, content = fact.file.address, fact.content
    head = _head(fact, examiner) if fact.kind in _MAY_HAVE_HEADERS or may_be_recoded(fact) else b""
    if size_of_headers(head):
        yield _body(fact, head), cause_of_form(head, TextForm.BEHIND_HEADERS)
    if content and content.ending is Ending.TRAILER_CUT:
        lost = content.missing_trailer
        yield Joined((whole, Literal(lost))), TruncatedTrailer(len(lost))
    # A tar inside is the layer's content itself, which is known by its diff_id already.
    may_hold_blob = content and content.is_whole and content.kind is not FileKind.TAR
    if content and may_hold_blob and content.size <= max(_MOST_GROWTH * fact.size, _SMALL):
        yield Decompressed(whole, fact.kind), CompressedAgain(compression_of_kind(fact.kind))
    surplus = fact.size % TAR_BLOCK
    if fact.kind is FileKind.TAR and surplus:
        yield Part(whole, 0, fact.size - surplus), TrailingData(surplus)
    yield from decodings(fact, head)


def _by_identity(unwrapped: Sequence[FileFacts]) -> Mapping[Digest | int, Sequence[FileFacts]]:
    found: dict[Digest | int, list[FileFacts]] = {}
    for facts in unwrapped:
        inner = (facts.content.digest,) if facts.content and facts.content.is_whole else ()
        for key in dict.fromkeys((facts.digest, facts.size, *inner)):
            found.setdefault(key, []).append(facts)
    return found


def _joined(pieces: Sequence[tuple[int, FileFacts]], examiner: Examiner) -> Search[UnwrappedFile | None]:
    """Pieces one after the other, each without the headers that were saved with it."""
    facts = list(_from_the_first(pieces))
    if len(facts) < 2:
        return None
    heads = [_head(fact, examiner) for fact in facts]
    # What begins like a blob of its own is another attempt at the download, not the next piece.
    if any(kind_of_head(head[size_of_headers(head) :][:HEAD_SIZE]) in COMPRESSED_KINDS for head in heads[1:]):
        return None
    recipe = Joined(tuple(_body(fact, head) for fact, head in zip(facts, heads, strict=True)))
    headed = next((head for head in heads if size_of_headers(head)), None)
    headers = (cause_of_form(headed, TextForm.BEHIND_HEADERS),) if headed else ()
    return (yield from _inspected(facts[0], recipe, (Split(tuple(fact.file.path for fact in facts)), *headers)))


def _from_the_first(pieces: Sequence[tuple[int, FileFacts]]) -> Iterator[FileFacts]:
    """The pieces up to the first one that is lost, or that is there twice."""
    first = pieces[0][0]
    times = Counter(number for number, _ in pieces)
    for at, (number, fact) in enumerate(pieces):
        if first > 1 or number != first + at or times[number] > 1:
            return
        yield fact


def _body(fact: FileFacts, head: bytes) -> Address:
    headers = size_of_headers(head)
    return Part(fact.file.address, headers, fact.size - headers) if headers else fact.file.address


def _inspected(outer: FileFacts, address: Address, undone: Iterable[Cause]) -> Search[UnwrappedFile | None]:
    facts: FileFacts | None = yield InspectUnwrapped(replace(outer.file, address=address))
    # What the headers told of the body isn't lost with them.
    return UnwrappedFile(replace(facts, properties=outer.properties), tuple(undone)) if facts else None


def _head(fact: FileFacts, examiner: Examiner) -> bytes:
    return examiner.head_of(fact.file.address, _LONGEST_HEADERS) or b""
