"""Listing the folders of a bucket that has none, in few requests and little memory.

A server lists a thousand keys at a time, whatever stands before their slashes. A walk that asked for one folder after
the other would make a request for each link of a registry; so what lies below a folder is remembered as long as it is
little, and each folder below it is told once from what is remembered. A later look asks the server again.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Final, Protocol

from importer.places.cloud.connection import Meta
from importer.places.store import joined

_PAGES: Final = 10
"""Pages that are read before it is decided that a folder's own entries must be asked for."""

_WIDE: Final = 1000
"""Entries of a folder whose inner folders are many more requests than all that is in it."""

_MANY_PAGES: Final = 50
"""Pages of a wide folder that are remembered: some 20 MB."""

SMALL: Final = 1 << 10
"""Bytes of an object that is worth fetching with its neighbours; a link has 71."""

_NEAR: Final = 64
"""Objects that are neighbours of each other."""

_LAST: Final = "\U0010ffff"
"""After every other character."""


@dataclass(frozen=True, slots=True)
class Below:
    """One entry of a folder: a prefix, or an object."""

    name: str
    meta: Meta | None


@dataclass(slots=True)
class _Remembered:
    """All objects below a prefix, by their keys, and the folders that were told of them."""

    prefix: str
    keys: Sequence[str]
    metas: Sequence[Meta]
    told: set[str] = field(default_factory=set)
    near: set[int] = field(default_factory=set)

    def entries(self, prefix: str) -> Iterator[Meta]:
        begin = bisect_left(self.keys, f"{prefix}/")
        end = bisect_left(self.keys, f"{prefix}/{_LAST}", begin)
        return islice(self.metas, begin, end)


class Pages(Protocol):
    """The two questions of ``Connection`` that are asked for a listing."""

    def pages(self, prefix: str, shown: str, after: str = "") -> Iterator[Sequence[Meta]]:
        """The objects below a prefix, by their keys, a page at a time; those after a key."""
        ...

    def folder(self, prefix: str, shown: str) -> tuple[Sequence[str], Sequence[Meta]]:
        """The prefixes and objects directly below a prefix."""
        ...


class Listing:
    """Lists the folders of one bucket; may be used by several threads."""

    def __init__(self, connection: Pages) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._remembered: _Remembered | None = None
        self.on_forgotten: Callable[[], None] = lambda: None
        """Called when something was changed."""

    def forget(self) -> None:
        """Ask the server from now on: something was changed."""
        with self._lock:
            self._remembered = None
        self.on_forgotten()

    def near(self, key: str) -> Sequence[Meta]:
        """A small object and its small neighbours, if they are remembered; each group is told once."""
        with self._lock:
            known = self._remembered
            place = bisect_left(known.keys, key) if known else 0
            if known is None or place == len(known.keys) or known.keys[place] != key or place // _NEAR in known.near:
                return ()
            known.near.add(place // _NEAR)
            start = place - place % _NEAR
            return [meta for meta in known.metas[start : start + _NEAR] if meta.size <= SMALL]

    def folder(self, prefix: str, shown: str) -> Iterator[Below]:
        """The entries of a folder; raises as ``Connection`` says."""
        if (known := self._known(prefix)) is not None:
            return _entries(prefix, known)
        pages = self._connection.pages(prefix, shown)
        read = list(chain.from_iterable(islice(pages, _PAGES)))
        if (following := next(pages, None)) is None:
            return _entries(prefix, self._remember(prefix, read))
        read.extend(following)
        if 2 * sum(1 for each in read if "/" not in _below(prefix, each.key)) > len(read):
            return self._streamed(prefix, shown, chain([read], pages))
        folders, objects = self._connection.folder(prefix, shown)
        if len(folders) + len(objects) > _WIDE:
            read.extend(chain.from_iterable(islice(pages, _MANY_PAGES - _PAGES - 1)))
            if (following := next(pages, None)) is None:
                return _entries(prefix, self._remember(prefix, read))
        inner = (Below(_below(prefix, each), None) for each in folders)
        return chain(inner, (Below(_below(prefix, each.key), each) for each in objects))

    def _known(self, prefix: str) -> Iterator[Meta] | None:
        with self._lock:
            known = self._remembered
            if known is None or prefix in known.told or not _is_below(prefix, known.prefix):
                return None
            known.told.add(prefix)
            return known.entries(prefix)

    def _remember(self, prefix: str, metas: Sequence[Meta]) -> Sequence[Meta]:
        # Not all servers list by the bytes of the keys.
        ordered = sorted(metas, key=lambda each: each.key)
        with self._lock:
            self._remembered = _Remembered(prefix, [each.key for each in ordered], ordered, {prefix})
        return ordered

    def _streamed(self, prefix: str, shown: str, pages: Iterable[Sequence[Meta]]) -> Iterator[Below]:
        """The entries of a folder with very many objects of its own; what is in its folders is passed by."""
        told = ""
        waiting = [pages]
        while waiting:
            for page in waiting.pop():
                for each in _entries(prefix, page):
                    if each.meta or each.name != told:
                        yield each
                        told = told if each.meta else each.name
                inner = joined(prefix, told)
                if told and all(_is_below(each.key, inner) for each in page):
                    waiting.append(self._connection.pages(prefix, shown, f"{inner}/{_LAST}"))
                    break


def _entries(prefix: str, metas: Iterable[Meta]) -> Iterator[Below]:
    """The folder's own entries among the objects below it, which come by their keys."""
    seen: set[str] = set()
    for meta in metas:
        name, slash, _ = _below(prefix, meta.key).partition("/")
        if not slash and name:
            yield Below(name, meta)
        elif name and name not in seen:
            seen.add(name)
            yield Below(name, None)


def _is_below(key: str, prefix: str) -> bool:
    return not prefix or key.startswith(f"{prefix}/")


def _below(prefix: str, key: str) -> str:
    return key[len(prefix) + 1 :] if prefix else key
