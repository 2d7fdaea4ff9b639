"""Reads the members of a tar from a stream; where it is damaged, goes on behind the damage.

What a chain of headers skips is the content of a member, and no header is looked for in it. Only where the chain is
broken is the next header searched; and at the end of each member, for what was lost in its content brings the headers
behind it forward.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from importer.formats.signatures import (
    COMPRESSED_KINDS,
    DOCUMENT_KINDS,
    TAR_BLOCK,
    FileKind,
    is_tar_header,
    kind_of_head,
)
from importer.formats.tar_headers import TarEntry, TarWalker
from importer.places.byte_streams import read_at
from importer.sources.tar_search import TarSearch

_MOST_DAMAGES: Final = 1000
"""Places at which an archive is resumed; one with more is an attack, or no archive any longer."""

_KNOWN_STARTS: Final = COMPRESSED_KINDS | DOCUMENT_KINDS | {FileKind.TAR, FileKind.ZIP}


@dataclass(frozen=True, slots=True)
class Damage:
    """A place at which an archive is damaged.

    Attributes:
        offset: the first byte that isn't what it should be, as far as headers tell.
        is_bridged: whether the chain of headers is whole all the same, so that all members were found.
    """

    offset: int
    is_bridged: bool = False


@dataclass(frozen=True, slots=True)
class LostHeader:
    """Bytes from ``start`` to ``end`` that may be the content of a member whose header is lost."""

    start: int
    end: int


class MemberReader:
    """Reads a tar of ``size`` bytes once, from a stream that can seek.

    Attributes:
        damages: the places at which it is damaged, in their order.
        stopped_at: from where on nothing more was found, although something is there; None where all was read.
        no_tar_from: where something that is no tar follows the archive's end; None where nothing does.
        is_cut: whether the archive's end is missing.
    """

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self._size = size
        self._search = TarSearch(stream, size)
        self._last = TarEntry("", 0, 0)
        self._searched = 0
        self._doubtful: int | None = None
        self.damages: list[Damage] = []
        self.stopped_at: int | None = None
        self.no_tar_from: int | None = None
        self.is_cut = False

    def members(self) -> Iterator[TarEntry | LostHeader]:
        """Yield all that is found; raises OSError."""
        start: int | None = 0
        while start is not None:
            walker = TarWalker(keep_entries=True, start=start)
            hidden = yield from self._chain(walker, start)
            start = hidden if hidden is not None else (yield from self._behind(walker))
            if start is not None:
                self._go_on(start)
            if self._search.steps_left <= 0:
                self._give_up(start)
                return

    def _go_on(self, start: int) -> None:
        """Search from here on, next time: what is behind damage is searched once, and read again a few times."""
        self._searched = start + 1
        self._search.steps_left -= max(min(self._last.end, self._size) - start, 0) // TAR_BLOCK

    def _give_up(self, start: int | None) -> None:
        """Tell the rest as unread: no archive is damaged in as many places."""
        self.stopped_at = min(max(self._last.end, start or 0, self._searched), self._size)
        self.damages.append(Damage(self.stopped_at))
        self.no_tar_from = None

    def _chain(self, walker: TarWalker, start: int) -> Generator[TarEntry, None, int | None]:
        """Yield the members as far as headers lead; gives a header that a member's content swallows, if one does."""
        while True:
            for entry in self._search.walk(walker, start, self._size):
                yield entry
                self._last = entry
                hidden = self._search.hidden_header(entry)
                if hidden is not None and len(self.damages) < _MOST_DAMAGES:
                    self.damages.append(Damage(entry.offset))
                    return hidden
            broken_at = walker.broken_at
            header = None
            if broken_at is not None and len(self.damages) < _MOST_DAMAGES:
                header = self._search.mended(broken_at)
            if header is None or broken_at is None:
                return None
            self.damages.append(Damage(broken_at, is_bridged=True))
            walker.mend(header)
            start = broken_at + TAR_BLOCK

    def _behind(self, walker: TarWalker) -> Generator[LostHeader, None, int | None]:
        """Where the archive goes on behind a chain of headers: at an archive behind it, or behind damage."""
        if walker.ended_at is not None:
            return (yield from self._behind_zeros(walker.ended_at))
        if walker.broken_at is not None:
            return (yield from self._resumed(walker.broken_at))
        self.is_cut = self._size > 0
        if self._last.end <= self._size:
            return None
        # Where content was lost, the last member seems to end behind the archive's end.
        found = self._search.next_header(max(self._last.offset, self._searched), self._size)
        if found is not None:
            self.is_cut = False
            self.damages.append(Damage(self._last.offset))
        return found

    def _behind_zeros(self, zeros: int) -> Generator[LostHeader, None, int | None]:
        behind = self._search.first_behind_zeros(zeros)
        if behind is None:
            return None
        # An archive ends with two blocks of zeros at least.
        is_end = behind - zeros > TAR_BLOCK
        if is_tar_header(read_at(self._stream, behind, TAR_BLOCK)):
            if not is_end:
                self.damages.append(Damage(zeros, is_bridged=True))
            if self._doubtful is not None:
                yield LostHeader(self._doubtful, behind)
            self._doubtful = None if is_end else behind
            return behind
        return (yield from self._resumed(behind, is_end=is_end))

    def _resumed(self, broken_at: int, *, is_end: bool = False) -> Generator[LostHeader, None, int | None]:
        is_allowed = len(self.damages) < _MOST_DAMAGES
        found = self._search.next_header(max(self._last.offset, self._searched), broken_at) if is_allowed else None
        if found is None and is_end:
            self.no_tar_from = broken_at
            return None
        self.damages.append(Damage(broken_at))
        self.stopped_at = broken_at if found is None else None
        lost = self._content_between(broken_at, found)
        if lost.start < lost.end:
            yield lost
        self._doubtful = found
        return found

    def _content_between(self, broken_at: int, header: int | None) -> LostHeader:
        """The content behind the block that was its header, unless that block is gone; without what fills it up."""
        is_gone = kind_of_head(read_at(self._stream, broken_at, TAR_BLOCK)) in _KNOWN_STARTS
        start = broken_at if is_gone else broken_at + TAR_BLOCK
        end = self._size if header is None else header
        # The zeros at a tar's end are its own.
        if start < end and not is_tar_header(read_at(self._stream, start, TAR_BLOCK)):
            end = self._search.zeros_from if header is None else self._without_zeros(start, end)
        return LostHeader(start, end)

    def _without_zeros(self, start: int, end: int) -> int:
        last = max(end - TAR_BLOCK + 1, start)
        return last + len(read_at(self._stream, last, end - last).rstrip(b"\0"))
