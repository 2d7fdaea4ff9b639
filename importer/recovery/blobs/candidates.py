"""Files that may be what is left of blobs, indexed once however many blobs are wanted.

Thousands of files beside thousands of missing blobs are no rarity: an index with all its children lost, a
repository without its blobs. Nobody may look at each file for each blob.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar, TypeVarTuple

from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.inspection.file_facts import DIGEST_HEADER, FileFacts
from importer.inventory.inventory import claimed_digest

MOST_TRIED: Final = 64
"""Files that are read for one blob when nothing but their size speaks for them."""

_Item = TypeVar("_Item")
_Index = TypeVar("_Index")
_More = TypeVarTuple("_More")


class BySize(Generic[_Item]):
    """Things in the order of their sizes (bytes); each comes with its own."""

    def __init__(self, items: Iterable[tuple[int, _Item]]) -> None:
        ordered = sorted(items, key=lambda item: item[0])
        self._sizes = [size for size, _ in ordered]
        self._items = [item for _, item in ordered]

    def above(self, size: int) -> Sequence[_Item]:
        """The smallest of those that are larger, as many as may be tried."""
        start = bisect_right(self._sizes, size)
        return self._items[start : start + MOST_TRIED]

    def least(self, size: int) -> Sequence[_Item]:
        """The smallest of those that have the size or more, as many as may be tried."""
        start = bisect_left(self._sizes, size)
        return self._items[start : start + MOST_TRIED]


class Candidates:
    """Files that nothing else claims, and the indexes over them of whoever looks for something.

    Attributes:
        facts: the files, in the order of their paths.
    """

    def __init__(self, facts: Iterable[FileFacts]) -> None:
        self.facts = tuple(facts)
        self._indexes: dict[tuple[Callable[..., Any], tuple[object, ...]], Any] = {}

    def indexed_by(self, index: Callable[[Sequence[FileFacts], *_More], _Index], *more: *_More) -> _Index:
        """What a function makes of all files, and of what else it is given; it is called once for these."""
        if (index, more) not in self._indexes:
            self._indexes[index, more] = index(self.facts, *more)
        made: _Index = self._indexes[index, more]
        return made

    def named_after(self, descriptor: Descriptor) -> list[FileFacts]:
        """Files with the blob's digest in their names, the likeliest first."""
        return likeliest_first(self.indexed_by(_by_claim).get(descriptor.digest, ()), descriptor)


def likeliest_first(facts: Iterable[FileFacts], descriptor: Descriptor) -> list[FileFacts]:
    """Files that are named after a blob before others, then by likeness of size; each file once."""
    each = {fact.file.address: fact for fact in facts}.values()
    return sorted(
        each,
        key=lambda fact: (
            claimed_digest(fact.file) != descriptor.digest,
            abs(fact.size - descriptor.size),
            fact.file.path,
        ),
    )


def claim_of(fact: FileFacts) -> Digest | None:
    """The digest that a file's name gives it, or else the server's headers that were saved with it."""
    header = fact.properties.get(DIGEST_HEADER)
    return claimed_digest(fact.file) or (Digest.parse(header) if header else None)


def _by_claim(facts: Sequence[FileFacts]) -> Mapping[Digest, Sequence[FileFacts]]:
    claims: dict[Digest, list[FileFacts]] = {}
    for fact in facts:
        if claim := claim_of(fact):
            claims.setdefault(claim, []).append(fact)
    return claims
