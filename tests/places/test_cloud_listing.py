"""A bucket's folders are those of its keys, and a walk through them takes about a request for a thousand objects."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.places.cloud.connection import PAGE, Meta
from importer.places.cloud.listing import Below, Listing
from importer.places.store import joined


@dataclass
class FakeServer:
    """Answers as a server does, and counts the answers; ``page`` is how many objects it lists in one."""

    keys: Sequence[str]
    page: int = PAGE
    answers: int = field(default=0)

    def __post_init__(self) -> None:
        self.keys = sorted(self.keys)

    def pages(self, prefix: str, shown: str, after: str = "") -> Iterator[Sequence[Meta]]:
        found = [Meta(key, 1, "e") for key in self._below(prefix)[bisect_right(self._below(prefix), after) :]]
        for start in range(0, max(len(found), 1), self.page):
            self.answers += 1
            if page := found[start : start + self.page]:
                yield page

    def folder(self, prefix: str, shown: str) -> tuple[Sequence[str], Sequence[Meta]]:
        below = [key[len(prefix) :].lstrip("/") for key in self._below(prefix)]
        folders = sorted({joined(prefix, key.partition("/")[0]) for key in below if "/" in key})
        objects = [Meta(joined(prefix, key), 1, "e") for key in below if "/" not in key]
        self.answers += 1 + (len(folders) + len(objects)) // self.page
        return folders, objects

    def _below(self, prefix: str) -> list[str]:
        if not prefix:
            return list(self.keys)
        return list(self.keys[bisect_left(self.keys, f"{prefix}/") : bisect_left(self.keys, f"{prefix}0")])


def walked(listing: Listing, top: str = "") -> list[str]:
    """Every object, found as a walk finds it: folder by folder."""
    found, folders = [], [top]
    while folders:
        folder = folders.pop()
        for below in listing.folder(folder, ""):
            key = joined(folder, below.name)
            if below.meta:
                assert below.meta.key == key
                found.append(key)
            else:
                folders.append(key)
    return sorted(found)


def registry(blobs: int, repositories: int, links: int) -> Iterable[str]:
    for number in range(blobs):
        name = f"{number * 2654435761 % 2**32:08x}"
        yield f"v2/blobs/sha256/{name[:2]}/{name}{number:x}/data"
    for repository in range(repositories):
        for number in range(links):
            yield f"v2/repositories/team/app{repository}/_layers/sha256/{number:08x}/link"
        yield f"v2/repositories/team/app{repository}/_manifests/tags/1/current/link"


class TestRequests:
    @pytest.mark.parametrize(("blobs", "repositories", "links"), [(500, 5, 20), (60_000, 20, 100), (3_000, 1, 20_000)])
    def test_a_registry_takes_few_requests_for_its_objects(self, blobs: int, repositories: int, links: int) -> None:
        server = FakeServer(list(registry(blobs, repositories, links)))
        assert walked(Listing(server)) == server.keys
        # A request for each folder that is read alone, and some at the top that lead nowhere.
        assert server.answers < 3 * len(server.keys) / PAGE + 256 + repositories + 150

    def test_a_filestore_takes_a_request_for_each_of_its_folders(self) -> None:
        server = FakeServer([f"filestore/{n % 256:02x}/{n:040x}" for n in range(100_000)])
        assert walked(Listing(server)) == server.keys
        assert server.answers < 300

    def test_a_huge_flat_folder_comes_as_a_stream(self) -> None:
        server = FakeServer([f"flat/{n:08}" for n in range(100_000)])
        listing = Listing(server).folder("flat", "")
        next(listing)
        assert server.answers < 15
        assert sum(1 for _ in listing) == 99_999
        assert server.answers <= 101

    def test_large_folders_among_many_objects_are_passed_by(self) -> None:
        keys = [*(f"a{n:06}" for n in range(15_000)), *(f"b{k}/{n:06}" for k in range(3) for n in range(30_000)), "c"]
        server = FakeServer(keys)
        names = [each.name for each in Listing(server).folder("", "")]
        assert names == [*(f"a{n:06}" for n in range(15_000)), "b0", "b1", "b2", "c"]
        assert server.answers < 30


_NAMES = st.sampled_from(["a", "b", "b-1", "b.c", "b0", "ä", "z"])
_KEYS = st.lists(st.lists(_NAMES, min_size=1, max_size=4).map("/".join), max_size=60, unique=True)


class TestEntries:
    @given(keys=_KEYS, page=st.integers(1, 8))
    def test_each_object_is_found_once_whatever_the_size_of_a_page(self, keys: list[str], page: int) -> None:
        assert walked(Listing(FakeServer(keys, page))) == sorted(keys)

    @given(keys=_KEYS, page=st.integers(1, 3))
    def test_a_folder_is_told_once(self, keys: list[str], page: int) -> None:
        entries = list(Listing(FakeServer(keys, page)).folder("b", ""))
        assert len({(each.name, each.meta is None) for each in entries}) == len(entries)

    def test_a_second_look_asks_the_server_again(self) -> None:
        server = FakeServer(["a/x"])
        listing = Listing(server)
        assert walked(listing) == ["a/x"]
        server.keys = ["a/x", "a/y"]
        assert [each.name for each in listing.folder("a", "")] == ["x", "y"]
        assert walked(listing) == ["a/x", "a/y"]

    def test_what_was_changed_is_asked_for_again(self) -> None:
        server = FakeServer(["a/x"])
        listing = Listing(server)
        assert list(listing.folder("", "")) == [Below("a", None)]
        server.keys = []
        listing.forget()
        assert list(listing.folder("a", "")) == []
