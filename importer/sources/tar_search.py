"""Finding a tar's headers where the chain of them is broken.

A header is known by its magic and its checksum, at any offset: what was lost or put in may be any number of bytes.
A tar within a member has headers as well. They are told from the archive's own by where their chain leads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO, Final

from importer.formats.damaged_headers import may_be_header, mended_header, possible_sizes
from importer.formats.signatures import TAR_BLOCK, is_tar_header
from importer.formats.tar_headers import TarEntry, TarWalker
from importer.places.byte_streams import BLOCK_SIZE, read_at

_MAGIC: Final = b"ustar"
_MAGIC_OFFSET: Final = 257
_STEPS: Final = 10_000
_STEPS_FOR_BLOCK: Final = 8
"""Steps for each block of an archive; a whole one full of tars takes two."""

_FIRST_WINDOW: Final = 4 << 10
"""Bytes that a search and a step begin with; what is searched for is mostly near."""

_TAIL: Final = 64 << 10
"""Bytes at a member's end in which other members' headers are looked for, when as many may have been lost in it."""

_DEEPEST: Final = 3
"""Tars in tars in which the last member is looked into."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Headers one behind the other.

    Attributes:
        end: where the next one should stand and none does.
        is_ended: whether a block of zeros is there.
        last: the last member.
    """

    end: int
    is_ended: bool
    last: TarEntry | None

    @property
    def trusted(self) -> int:
        """How far it is sure: where it breaks, the last member's content may have headers in it that lead on."""
        return self.end if self.is_ended or not self.last else self.last.offset


class TarSearch:
    """Searches a tar of ``size`` bytes; all that it does together takes time in proportion to them.

    A step is a header that is followed or checked, 4 KiB that are searched, or a block that is read once more.

    Attributes:
        steps_left: when none are, nothing more is found.
    """

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self._size = size
        self.steps_left = _STEPS + _STEPS_FOR_BLOCK * (size // TAR_BLOCK)

    def is_ended(self) -> bool:
        """Whether the headers lead to the archive's end; raises OSError."""
        return self._chain_from(0, self._size).is_ended

    def walk(self, walker: TarWalker, start: int, size: int) -> Iterator[TarEntry]:
        """Yield the members that a walker has or finds from ``start`` on, as far as the chain is whole and steps last.

        Raises OSError.
        """
        position = start
        while True:
            yield from walker.entries
            walker.entries.clear()
            position += walker.content_left
            walker.pass_over()
            is_over = walker.ended or walker.broken_at is not None or position >= size
            block = b"" if is_over else self._block(position)
            if not block:
                return
            position += len(block)
            walker.feed(block)

    def next_header(self, content: int, broken_at: int) -> int | None:
        """The header with which the archive goes on behind damage; None where there is none. Raises OSError.

        Args:
            content: where the last member's content begins: bytes that are missing in it bring headers forward.
            broken_at: where the next header should stand.
        """
        followed = content
        for start in self._headers(content, self._size):
            if start < followed:
                continue
            chain = self._chain_from(start, self._size)
            followed = max(chain.trusted, start + 1)
            if start >= broken_at or broken_at < chain.end <= self._size or self._is_last(chain):
                return start
        return None

    def hidden_header(self, member: TarEntry, depth: int = _DEEPEST) -> int | None:
        """The first of the headers that a member's content swallows, as blocks of its own were lost; raises OSError.

        Their chain leads to a header behind this member, or to the zeros at the archive's end. That of a tar in a
        whole member leads to zeros of its own.
        """
        end = _behind(member)
        there = min(end, self._size)
        followed = start = max(member.offset, there - _TAIL)
        for header in self._headers(start, there):
            if header < followed:
                continue
            chain = self._chain_from(header, there)
            followed = max(chain.trusted, header + 1)
            leads_on = chain.end >= end and not chain.is_ended and self._leads_on(chain.end)
            if leads_on or self._is_last(chain):
                inner = self._last_of_tar_in(member, header)
                if inner is None:
                    return header
                return self.hidden_header(inner, depth - 1) if depth else None
        return None

    def mended(self, broken_at: int) -> bytes | None:
        """The header that a damaged one was, where the next one stands behind its content; raises OSError."""
        block = self._block(broken_at)
        if not may_be_header(block):
            return None
        content = broken_at + TAR_BLOCK
        sizes = [size for size in possible_sizes(block) if self._may_end(content + _padded(size))]
        # What is nearest to the damaged header comes first; a sole size needs no comparison.
        best = min(sizes, key=lambda size: self._doubt_of(content, size)) if len(sizes) > 1 else next(iter(sizes), None)
        return None if best is None else mended_header(block, best)

    def first_behind_zeros(self, offset: int) -> int | None:
        """The first block from here on that isn't all zeros; None where no other is left. Raises OSError."""
        for position, length in _windows(offset, self._size):
            blocks = read_at(self._stream, position, length)
            zeros = len(blocks) - len(blocks.lstrip(b"\0"))
            if zeros < len(blocks):
                return position + zeros // TAR_BLOCK * TAR_BLOCK
        return None

    @cached_property
    def zeros_from(self) -> int:
        """From where on the archive has nothing but zeros."""
        end = self._size
        while end > 0:
            start = max(end - BLOCK_SIZE, 0)
            kept = len(read_at(self._stream, start, end - start).rstrip(b"\0"))
            if kept:
                return start + kept
            end = start
        return 0

    def _is_last(self, chain: Chain) -> bool:
        return chain.is_ended and chain.end >= self.zeros_from

    def _headers(self, start: int, end: int) -> Iterator[int]:
        """Yield the offsets from ``start`` on, and before ``end``, at which a whole header stands."""
        for position, length in _windows(start, end):
            self.steps_left -= -(-length // _FIRST_WINDOW)
            # A header that begins in this window may end in the next one.
            window = read_at(self._stream, position, length + TAR_BLOCK - 1)
            last = length + _MAGIC_OFFSET + len(_MAGIC) - 1
            at = window.find(_MAGIC, _MAGIC_OFFSET, last)
            while at >= 0 and self.steps_left > 0:
                self.steps_left -= 1
                header = at - _MAGIC_OFFSET
                if is_tar_header(window[header : header + TAR_BLOCK]):
                    yield position + header
                at = window.find(_MAGIC, at + 1, last)
            if self.steps_left <= 0:
                return

    def _chain_from(self, start: int, size: int) -> Chain:
        walker = TarWalker(keep_entries=True, start=start)
        last = None
        for entry in self.walk(walker, start, size):
            last = entry
        if walker.ended_at is not None:
            return Chain(walker.ended_at, is_ended=True, last=last)
        return Chain(_behind(last) if last else start, is_ended=False, last=last)

    def _leads_on(self, offset: int) -> bool:
        return self.zeros_from <= offset <= self._size or is_tar_header(self._block(offset))

    def _may_end(self, offset: int) -> bool:
        """Whether a member's content may end here: a header follows, though a damaged one, or the archive's end."""
        return offset <= self._size and (offset >= self.zeros_from or may_be_header(self._block(offset)))

    def _doubt_of(self, content: int, size: int) -> tuple[bool, int, bool]:
        """How doubtful it is that a member's content has this size.

        Zeros fill up its last block. The archive's own headers lead on farther than those of a tar in a member.
        Content seldom ends with a zero.
        """
        end = content + _padded(size)
        last = read_at(self._stream, content + size - 1, 1 + _padded(size) - size) if size else b""
        # Behind the archive's last data only a tar still has zeros of its own.
        is_in_zeros = end - TAR_BLOCK >= self.zeros_from and not is_tar_header(self._block(content))
        reach = 0 if is_in_zeros else min(self._chain_from(end, self._size).end, self.zeros_from)
        return bool(last[1:].strip(b"\0")), -reach, last[:1] == b"\0"

    def _block(self, offset: int) -> bytes:
        # A size that lies may lead farther than any stream can be asked for.
        if offset >= self._size or self.steps_left <= 0:
            return b""
        self.steps_left -= 1
        return read_at(self._stream, offset, TAR_BLOCK)

    def _last_of_tar_in(self, member: TarEntry, header: int) -> TarEntry | None:
        """The last member of a tar in a tar, if a member is one that has this header in its own chain or content."""
        if member.size % TAR_BLOCK or not is_tar_header(self._block(member.offset)):
            return None
        chain = self._chain_from(member.offset, min(_behind(member), self._size))
        return chain.last if header < chain.end else None


def _windows(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where to read and how much, in windows that grow: short ways cost little, and long ones few reads."""
    length = _FIRST_WINDOW
    while start < end:
        yield start, min(length, end - start)
        start += length
        length = min(2 * length, BLOCK_SIZE)


def _behind(entry: TarEntry) -> int:
    return entry.offset + _padded(entry.size)


def _padded(size: int) -> int:
    return -(-size // TAR_BLOCK) * TAR_BLOCK
