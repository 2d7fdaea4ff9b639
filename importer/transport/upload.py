"""Uploading a blob in chunks, from wherever the registry says it got to.

Sources: distribution-spec v1.1, "Pushing a blob in chunks", "Mounting a blob from another
repository"; distribution ``docs/spec/api.md``, "Upload Progress" (GET of the upload's location).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from importer.errors import NetworkError
from importer.transport.address import BaseUrl, Origin
from importer.transport.answer import Answer
from importer.transport.breaks import SMALLEST_RANGE, RangeLimit
from importer.transport.client import Ask, Client
from importer.transport.outgoing import Advance, Feed, OutgoingBlob
from importer.transport.retry import PassingFailure

_RANGE: Final = re.compile(r"(?:bytes=)?0-([0-9]+)")
_EMPTY: Final = {"Content-Length": "0"}
_DONE: Final = frozenset({201, 202, 204})
_TAKEN: Final = frozenset({201, 202, 204, 404, 413, 416})


@dataclass(frozen=True, slots=True)
class Target:
    """A repository that blobs are uploaded to.

    Attributes:
        client: its registry's client.
        api: its address, ``…/v2/<name>``.
        scope: what a token must allow.
    """

    client: Client
    api: str
    scope: str


@dataclass(slots=True)
class _Session:
    """An upload as the registry sees it: where the next bytes go, and how many it has."""

    location: str
    offset: int = 0
    smallest: int = SMALLEST_RANGE


class BlobUpload:
    """Uploads one blob.

    Args:
        target: where to.
        blob: what.
        limit: the size of a chunk, shared with the registry's other uploads.
        advance: told of every byte that is sent.
    """

    def __init__(self, target: Target, blob: OutgoingBlob, limit: RangeLimit, advance: Advance) -> None:
        self._target = target
        self._client = target.client
        self._blob = blob
        self._limit = limit
        self._advance = advance
        self._surroundings = target.client.surroundings
        self._feed = Feed(blob)
        self._sent = 0

    def run(self, mount_from: str | None = None) -> None:
        """Upload the blob, or have it mounted from another repository of the registry.

        Raises NetworkError; VerificationError when the source has changed.
        """
        session = self._start(mount_from)
        attempts = self._surroundings.attempts()
        highest = 0
        while session is not None:
            try:
                self._send_all(session)
                return
            except PassingFailure as failure:
                shrunk = self._shrink()
                if session.offset > highest or shrunk:
                    attempts.gained()
                    self._surroundings.tell(f"{failure}; going on")
                else:
                    attempts.failed(failure)
                highest = max(highest, session.offset)
                session = self._resumed(session) or self._start(None)

    def _start(self, mount_from: str | None) -> _Session | None:
        query = f"?mount={self._blob.digest}&from={quote(mount_from, safe='/')}" if mount_from else ""
        scope = f"{self._target.scope} repository:{mount_from}:pull" if mount_from else self._target.scope
        ask = Ask("POST", f"{self._target.api}/blobs/uploads/{query}", _EMPTY, scope=scope)
        with self._client.ask(ask, {201, 202}) as answer:
            if answer.status == 201:
                self._advance(self._blob.size)
                return None
            smallest = answer.header("OCI-Chunk-Min-Length") or ""
            session = _Session(self._location(answer, None))
            session.smallest = max(SMALLEST_RANGE, int(smallest) if smallest.isdecimal() else 0)
            return session

    def _send_all(self, session: _Session) -> None:
        while session.offset < self._blob.size:
            self._surroundings.stop.check()
            self._send_chunk(session)
        self._feed.finish()
        mark = "&" if urlsplit(session.location).query else "?"
        url = f"{session.location}{mark}digest={self._blob.digest}"
        with self._client.ask_once(Ask("PUT", url, _EMPTY, scope=self._target.scope), _DONE):
            pass

    def _send_chunk(self, session: _Session) -> None:
        start = session.offset
        limit = self._limit.length
        length = self._blob.size - start
        if limit is not None:
            length = min(length, max(limit, session.smallest))
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Length": str(length),
            "Content-Range": f"{start}-{start + length - 1}",
        }
        if limit is not None:
            # What broke off may have been at a limit of the connection, not of the request.
            headers["Connection"] = "close"
        ask = Ask("PATCH", session.location, headers, lambda: self._counted(start, length), self._target.scope)
        started = self._surroundings.timing.now()
        try:
            with self._client.ask_once(ask, _TAKEN) as answer:
                self._take(answer, session, start + length)
        except PassingFailure as failure:
            elapsed = self._surroundings.timing.now() - started
            raise PassingFailure(
                f"{self._blob.digest.short}: {failure} at byte {start + self._sent:,} of {self._blob.size:,} "
                f"of the upload, after {elapsed:.1f} s",
                failure.wait,
            ) from failure

    def _counted(self, start: int, length: int) -> Iterable[bytes]:
        self._sent = 0
        for piece in self._feed.part(start, length):
            self._surroundings.stop.check()
            yield piece
            self._sent += len(piece)
            self._advance(len(piece))

    def _take(self, answer: Answer, session: _Session, end: int) -> None:
        """Believe the registry's word for how much it has."""
        if answer.status == 413:
            self._too_large(answer)
        if answer.status in (404, 416):
            raise PassingFailure(f"{answer.host} has lost the upload ({answer.status})")
        session.location = self._location(answer, session.location)
        session.offset = end
        match = _RANGE.fullmatch((answer.header("Range") or "").strip())
        if match and int(match[1]) + 1 < end:
            session.offset = int(match[1]) + 1

    def _too_large(self, answer: Answer) -> None:
        limit = self._limit.length or self._blob.size
        if limit <= SMALLEST_RANGE:
            raise NetworkError(f"{answer.host} takes no chunk of even {limit:,} bytes (413)")
        self._sent = min(self._sent or limit, limit)
        raise PassingFailure(f"{answer.host} takes no chunk of that size (413)")

    def _shrink(self) -> bool:
        """Halve the chunks after a break: a registry may throw away all of a chunk that breaks off."""
        return self._sent > SMALLEST_RANGE and self._limit.lower(self._sent // 2)

    def _resumed(self, session: _Session) -> _Session | None:
        """Ask how far the upload got; None when the registry doesn't know it any more."""
        ask = Ask("GET", session.location, scope=self._target.scope)
        with self._client.ask(ask, {200, 204, 400, 404, 416}) as answer:
            match = _RANGE.fullmatch((answer.header("Range") or "").strip())
            if answer.status not in (200, 204) or match is None:
                return None
            last = int(match[1])
            # An upload without a byte says 0-0 as one with a single byte does.
            offset = last + 1 if last else 0
            return _Session(self._location(answer, session.location), offset, session.smallest)

    def _location(self, answer: Answer, previous: str | None) -> str:
        """Where to go on: relative to the request, and as it stands, query and all."""
        location = answer.header("Location")
        if location is None and previous is not None:
            return previous
        if location is None:
            raise NetworkError(f"{answer.host} starts an upload, but says not where")
        return mended_location(urljoin(answer.url, location), self._client.base)


def mended_location(url: str, base: BaseUrl) -> str:
    """An address that the registry gave of itself, as it is reached from here.

    Behind a proxy that ends TLS or adds a path, a registry that wasn't told so names itself by
    http, or without the path.
    """
    parts, origin = urlsplit(url), base.origin
    if base.scheme == "https" and parts.scheme == "http" and parts.hostname == origin.host:
        parts = parts._replace(scheme="https", netloc=base.authority)
    same = Origin.of(parts.geturl()) == origin
    if same and base.path and parts.path.startswith("/v2/"):
        parts = parts._replace(path=base.path + parts.path)
    return parts.geturl()


def pieces_of(content: bytes) -> Iterator[bytes]:
    """A body that is in memory already."""
    yield content
