"""What lies under a first mishap: one seldom comes alone.

A proxy compresses and ``curl -i`` saves the headers in front; a mail gateway wants pieces, and one of them was
cut. A wrapping is taken off only where the file itself shows it, and what lies under it is inspected like a file
of its own, so that every repair can be tried on it. Nothing is kept in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.errors import DecodeError
from importer.formats.http_headers import size_of_headers
from importer.formats.json_text import TextForm
from importer.formats.signatures import COMPRESSED_KINDS, HEAD_SIZE, FileKind, kind_of_head
from importer.formats.streams import Ending
from importer.inspection.content import can_decompress, compression_of_kind, examine_content
from importer.inspection.file_facts import FileFacts, inspect_file
from importer.plan.causes import Cause, CompressedAgain, Split, TrailingData, TruncatedTrailer
from importer.plan.recipe_blocks import blocks_of
from importer.plan.recipes import Decompressed, Joined, Literal, Part, Recipe, Whole, on
from importer.recovery.blobs.leftovers import Leftovers
from importer.recovery.blobs.repairs.split_file import families
from importer.recovery.documents.restoration import cause_of_form
from importer.sources.byte_streams import open_pieces

_DEEPEST: Final = 3
"""Wrappings that are taken off, one under the other."""

_MOST_GROWTH: Final = 4
_SMALL: Final = 1 << 20
"""What was compressed before hardly grows when the outer compression is taken off; small documents may."""

_MAY_HAVE_HEADERS: Final = frozenset({FileKind.DATA, FileKind.TEXT})
_LONGEST_HEADERS: Final = 64 * 1024
_TAR_BLOCK: Final = 512


@dataclass(frozen=True, slots=True)
class Form:
    """What a file becomes when mishaps are undone.

    Attributes:
        facts: of the bytes, as if they were a file of the same name.
        recipe: how they come about from what really lies there.
        mishaps: what was undone, the outermost first.
    """

    facts: FileFacts
    recipe: Recipe
    mishaps: tuple[Cause, ...] = ()


class Beneath:
    """All forms, to be looked for by what they are and hold.

    Attributes:
        files: the forms as if they were files.
    """

    def __init__(self, forms: Iterable[Form]) -> None:
        self._forms = {id(form.facts): form for form in forms}
        self.files = Leftovers(form.facts for form in self._forms.values())

    def form_of(self, facts: FileFacts) -> Form | None:
        """The form with these very facts; None for those of a file."""
        return self._forms.get(id(facts))

    def like(self, descriptor: Descriptor) -> Iterator[Form]:
        """Forms that are the blob, as far as their size and what is known of their digests tell."""
        digest = descriptor.digest
        key = digest if digest.algorithm == "sha256" else descriptor.size
        return (form for form in self._under(key) if form.facts.size == descriptor.size)

    def holding(self, diff_id: Digest) -> Iterator[Form]:
        """Forms that are a content, or hold it compressed."""
        return self._under(diff_id)

    def _under(self, key: Digest | int) -> Iterator[Form]:
        return (self._forms[id(facts)] for facts in self.files.sorted_by(_by_identity).get(key, ()))


def forms_beneath(files: Sequence[FileFacts], advance: Callable[[int], None]) -> Iterator[Form]:
    """Every form that comes to light under a wrapping of one of the files, or of several that are pieces."""
    for fact in files:
        yield from _under(Form(fact, Whole(fact.file)), advance)
    for pieces in families(files):
        joined = _joined(pieces, advance)
        if joined:
            yield joined
            yield from _under(joined, advance)


def _under(outer: Form, advance: Callable[[int], None], depth: int = _DEEPEST) -> Iterator[Form]:
    for recipe, mishap in _unwrapped(outer.facts):
        form = _inspected(outer.facts, on(outer.recipe, recipe), (*outer.mishaps, mishap), advance)
        if form:
            yield form
            if depth > 1:
                yield from _under(form, advance, depth - 1)


def _unwrapped(fact: FileFacts) -> Iterator[tuple[Recipe, Cause]]:
    """The wrappings that a file shows, each with what is left when it is taken off."""
    whole, content = Whole(fact.file), fact.content
    head = _head(fact) if fact.kind in _MAY_HAVE_HEADERS else b""
    if size_of_headers(head):
        yield _body(fact, head), cause_of_form(head, TextForm.BEHIND_HEADERS)
    if content and content.ending is Ending.TRAILER_CUT:
        lost = content.missing_trailer
        yield Joined((whole, Literal(lost))), TruncatedTrailer(len(lost))
    # A tar inside is the layer's content itself, which is known by its diff_id already.
    may_hold_blob = content and content.is_whole and content.kind is not FileKind.TAR
    if content and may_hold_blob and content.size <= max(_MOST_GROWTH * fact.size, _SMALL):
        yield Decompressed(whole, fact.kind), CompressedAgain(compression_of_kind(fact.kind))
    surplus = fact.size % _TAR_BLOCK
    if fact.kind is FileKind.TAR and surplus:
        yield Part(whole, 0, fact.size - surplus), TrailingData(surplus)


def _by_identity(forms: Sequence[FileFacts]) -> Mapping[Digest | int, Sequence[FileFacts]]:
    found: dict[Digest | int, list[FileFacts]] = {}
    for facts in forms:
        inner = (facts.content.digest,) if facts.content and facts.content.is_whole else ()
        for key in dict.fromkeys((facts.digest, facts.size, *inner)):
            found.setdefault(key, []).append(facts)
    return found


def _joined(pieces: Sequence[tuple[int, FileFacts]], advance: Callable[[int], None]) -> Form | None:
    """Pieces one after the other, each without the headers that were saved with it."""
    facts = list(_from_the_first(pieces))
    if len(facts) < 2:
        return None
    heads = [_head(fact) for fact in facts]
    # What begins like a blob of its own is another attempt at the download, not the next piece.
    if any(kind_of_head(head[size_of_headers(head) :][:HEAD_SIZE]) in COMPRESSED_KINDS for head in heads[1:]):
        return None
    recipe = Joined(tuple(_body(fact, head) for fact, head in zip(facts, heads, strict=True)))
    headed = next((head for head in heads if size_of_headers(head)), None)
    headers = (cause_of_form(headed, TextForm.BEHIND_HEADERS),) if headed else ()
    return _inspected(facts[0], recipe, (Split(tuple(fact.file.path for fact in facts)), *headers), advance)


def _from_the_first(pieces: Sequence[tuple[int, FileFacts]]) -> Iterator[FileFacts]:
    """The pieces up to the first one that is lost, or that is there twice."""
    first = pieces[0][0]
    times = Counter(number for number, _ in pieces)
    for at, (number, fact) in enumerate(pieces):
        if first > 1 or number != first + at or times[number] > 1:
            return
        yield fact


def _body(fact: FileFacts, head: bytes) -> Recipe:
    headers = size_of_headers(head)
    return Part(Whole(fact.file), headers, fact.size - headers) if headers else Whole(fact.file)


def _inspected(
    outer: FileFacts, recipe: Recipe, mishaps: Iterable[Cause], advance: Callable[[int], None]
) -> Form | None:
    file = replace(outer.file, open=lambda: open_pieces(blocks_of(recipe)))
    try:
        facts = inspect_file(file, advance=advance)
        # What the headers told of the body isn't lost with them.
        facts = replace(facts, file=replace(file, size=facts.size), properties=outer.properties)
        if can_decompress(facts.kind):
            facts = replace(facts, content=examine_content(facts.file, facts.kind, advance=advance))
    except (OSError, DecodeError):
        return None
    return Form(facts, recipe, tuple(mishaps))


def _head(fact: FileFacts) -> bytes:
    try:
        with fact.file.open() as stream:
            return stream.read(_LONGEST_HEADERS)
    except OSError:
        return b""
