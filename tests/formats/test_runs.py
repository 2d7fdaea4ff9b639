"""Runs are found where a byte-by-byte search finds them, whatever the blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hypothesis import given
from hypothesis import strategies as st

from importer.formats.runs import Run, repeats, texts

ASCII = frozenset(b"\t\n\r" + bytes(range(32, 127)))
TEXT = ASCII | frozenset(range(128, 256))
SMALL = st.lists(st.sampled_from([b"\0", b"\1", b"a", b"ab", b"\xff"]), max_size=120).map(b"".join)


def in_blocks(content: bytes, size: int) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


def found_slowly(count: int, is_alike: Callable[[int], bool], least: int) -> list[Run]:
    runs, start = [], None
    for at in range(count + 1):
        if at < count and is_alike(at):
            start = at if start is None else start
        elif start is not None:
            runs += [Run(start, at - start)] if at - start >= least else []
            start = None
    return runs


@given(content=SMALL, distance=st.integers(1, 40), size=st.integers(1, 50), other=st.integers(1, 50))
def test_repeats(content: bytes, distance: int, size: int, other: int) -> None:
    found = repeats(in_blocks(content, size), in_blocks(content[distance:], other), distance)
    count = max(len(content) - distance, 0)
    assert [*found] == found_slowly(count, lambda at: content[at] == content[at + distance], distance)


@given(content=SMALL, least=st.integers(1, 30), size=st.integers(1, 50), beyond=st.booleans())
def test_texts(content: bytes, least: int, size: int, beyond: bool) -> None:
    characters = TEXT if beyond else ASCII
    found = texts(in_blocks(content, size), least, beyond_ascii=beyond)
    assert [*found] == found_slowly(len(content), lambda at: content[at] in characters, least)
