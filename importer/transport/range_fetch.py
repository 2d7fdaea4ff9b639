"""Fetching the next part of a blob, and believing no more of the answer than it proves.

Sources: RFC 9110 §14 (ranges); distribution-spec, "Pulling blobs" (Range support is optional).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Final

from importer.errors import NetworkError
from importer.transport.answer import Answer, quote_body
from importer.transport.breaks import Break, BreakPattern, RangeLimit
from importer.transport.client import Ask
from importer.transport.looks import looks_like_page, looks_unpacked, unpacked, was_packed_for_transport
from importer.transport.partial_file import PartialFile
from importer.transport.ranges import ContentRange, range_header
from importer.transport.remote_blob import RemoteBlob
from importer.transport.retry import PassingFailure

_OVERLAP: Final = 1 << 16
"""Bytes that are fetched once more to see that what is here is a true beginning."""

_ACCEPTED: Final = frozenset({200, 206, 404, 416})
_QUOTED: Final = 1 << 12

Advance = Callable[[int], None]


class OtherwiseError(Exception):
    """The next request is made in another way; nothing failed that should be waited for."""


class RangeFetch:
    """Asks for what a partial file lacks, and learns from the answers how to ask."""

    def __init__(self, blob: RemoteBlob, limit: RangeLimit, advance: Advance) -> None:
        self._blob = blob
        self._descriptor = blob.descriptor
        self._surroundings = blob.client.surroundings
        self._limit = limit
        self._advance = advance
        self._pattern = BreakPattern(limit)
        self._urls = list(blob.urls)
        self._ranges = True
        self._as_stored: dict[str, str] = {}
        self._responses = 0

    @property
    def is_pieced(self) -> bool:
        """Whether the bytes came in several responses."""
        return self._responses > 1

    def confirm(self, partial: PartialFile) -> None:
        """See by its last bytes whether the server's blob begins with what is here; start again if not."""
        end = partial.end(_OVERLAP)
        if not end:
            return
        start = partial.size - len(end)
        with self._blob.client.ask(self._ask(start, partial.size), _ACCEPTED) as answer:
            content_range = ContentRange.parse(answer.header("Content-Range"))
            if answer.status != 206 or not content_range or content_range.first != start:
                return
            if self._is_other_form(answer, content_range):
                return
            try:
                same = answer.read(len(end)) == end
            except PassingFailure:
                return
        if not same:
            self._tell(f"{self._blob.label}: what is here is not its beginning; starting again")
            partial.restart()

    def fetch(self, partial: PartialFile) -> None:
        """Make one request and add what comes.

        Raises PassingFailure when the line breaks, OtherwiseError when the next request will be
        another, NetworkError when there is no use in one, and OutputError.
        """
        if partial.size and not self._ranges:
            partial.restart()
        start = partial.size
        with self._blob.client.ask_once(self._ask(start, self._stop_for(start)), _ACCEPTED) as answer:
            match answer.status:
                case 404:
                    self._look_elsewhere(answer)
                case 416:
                    self._range_refused(partial)
                case 206:
                    self._check_range(answer, partial)
                    self._receive(answer, answer.blocks(), partial)
                case _:
                    self._from_beginning(answer, partial)

    def _ask(self, start: int, stop: int | None) -> Ask:
        headers = {**range_header(start, stop), **self._as_stored}
        return Ask("GET", self._urls[0], headers, scope=self._blob.scope)

    def _stop_for(self, start: int) -> int | None:
        length = self._limit.length if self._ranges else None
        return None if length is None else min(start + length, self._descriptor.size)

    def _look_elsewhere(self, answer: Answer) -> None:
        if len(self._urls) == 1:
            said = answer.quoted()
            raise NetworkError(f"{self._blob.label} is not at {answer.host} (404{said and ': ' + said})")
        self._urls.pop(0)
        raise OtherwiseError

    def _range_refused(self, partial: PartialFile) -> None:
        if not self._ranges:
            raise NetworkError(f"{self._blob.host} answered 416 although no range was requested: {self._blob.label}")
        self._tell(f"{self._blob.label}: {self._blob.host} has nothing at byte {partial.size:,} (416); starting again")
        self._ranges = bool(partial.size)
        partial.restart()
        raise OtherwiseError

    def _check_range(self, answer: Answer, partial: PartialFile) -> None:
        """Believe a 206 only when it is the part that was asked for, of a whole of the right size."""
        content_range = ContentRange.parse(answer.header("Content-Range"))
        if not self._ranges:
            raise NetworkError(f"{self._blob.host} sent a part (206) of {self._blob.label} that wasn't requested")
        if content_range is None or content_range.first != partial.size or self._is_other_form(answer, content_range):
            self._tell(f"{self._blob.label}: {self._blob.host} sent a different range than requested; starting again")
            self._ranges = False
            raise OtherwiseError
        if content_range.total not in (None, self._descriptor.size):
            raise NetworkError(self._wrong_size(content_range.total or 0))

    def _from_beginning(self, answer: Answer, partial: PartialFile) -> None:
        if partial.size:
            self._tell(f"{self._blob.label}: {self._blob.host} can't continue it; starting again")
            partial.restart()
        self._receive(answer, _lazily(lambda: self._whole_body(answer)), partial)

    def _whole_body(self, answer: Answer) -> Iterator[bytes]:
        blocks = answer.blocks()
        head = next(blocks, b"")
        body = chain([head], blocks)
        if answer.encoding and answer.length != self._descriptor.size:
            # Offsets into a form made for the transport mean nothing.
            self._ranges = False
            if was_packed_for_transport(self._descriptor, head):
                return unpacked(body)
        elif answer.length != self._descriptor.size:
            self._check_head(answer, head)
        return body

    def _is_other_form(self, answer: Answer, content_range: ContentRange) -> bool:
        """Whether the range is one of the blob as it was packed for the transport."""
        return bool(answer.encoding) and content_range.total != self._descriptor.size

    def _check_head(self, answer: Answer, head: bytes) -> None:
        """The length is another than the blob's, or isn't said: is it the blob at all?"""
        if looks_like_page(self._descriptor, head):
            raise NetworkError(f"{self._blob.host} sends a page instead of {self._blob.label}: {quote_body(head)}")
        if looks_unpacked(self._descriptor, head) and not self._as_stored:
            self._tell(
                f"{self._blob.label}: something in between unpacks the layer (BF206, gunzipped); "
                "asking for it as it is stored"
            )
            self._as_stored = {"Accept-Encoding": "gzip"}
            raise OtherwiseError
        if answer.length is not None:
            raise NetworkError(self._wrong_size(answer.length) + self._guess(head))

    def _receive(self, answer: Answer, blocks: Iterable[bytes], partial: PartialFile) -> None:
        now = self._surroundings.timing.now
        self._responses += 1
        started, before = now(), partial.size
        reason = f"{answer.host} ended the response"
        try:
            for block in blocks:
                self._surroundings.stop.check()
                partial.write(block)
                self._advance(len(block))
                if partial.size > self._descriptor.size:
                    self._refuse_more(partial)
        except PassingFailure as failure:
            reason = str(failure)
        else:
            if answer.length is not None and partial.size > before:
                return
        if partial.size < self._descriptor.size:
            self._broken(reason, partial, Break(partial.size - before, now() - started))

    def _broken(self, reason: str, partial: PartialFile, happened: Break) -> None:
        pattern = self._pattern.note(happened) if self._ranges else None
        if pattern:
            self._tell(f"{self._blob.label}: {pattern}")
        raise PassingFailure(
            f"{self._blob.label}: {reason} at byte {partial.size:,} of {self._descriptor.size:,}, "
            f"after {happened.elapsed:.1f} s"
        )

    def _refuse_more(self, partial: PartialFile) -> None:
        head = partial.start(_QUOTED)
        partial.restart()
        size = self._descriptor.size
        raise NetworkError(
            f"{self._blob.host} sends more than the {size:,} bytes of {self._blob.label}{self._guess(head)}"
        )

    def wrong_bytes(self, partial: PartialFile) -> str:
        """Throw the bytes away, and say in words what was wrong with them."""
        head = partial.start(_QUOTED)
        partial.restart()
        return f"{self._blob.host} sends other bytes than {self._descriptor.digest}{self._guess(head)}"

    def _guess(self, head: bytes) -> str:
        if looks_unpacked(self._descriptor, head):
            return (
                ": a proxy unpacks layers (BF206, gunzipped), or the server stores it unpacked. Bypass the proxy, or "
                "have its gunzip turned off"
            )
        return f": {quote_body(head)}" if looks_like_page(self._descriptor, head) or head[:1] == b"{" else ""

    def _wrong_size(self, size: int) -> str:
        wanted = self._descriptor.size
        return f"{self._blob.host} has {size:,} bytes as {self._blob.label}, and the manifest says {wanted:,}"

    def _tell(self, message: str) -> None:
        self._surroundings.tell(message)


def _lazily(body: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
    """A body whose head is read, and may break, where its blocks are."""
    yield from body()
