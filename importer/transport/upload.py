"""Uploading a blob in chunks, from wherever the registry says it got to.

Sources: distribution-spec v1.1, "Pushing a blob in chunks".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from importer.errors import NetworkError
from importer.transport.answer import Answer
from importer.transport.breaks import SMALLEST_RANGE, RangeLimit
from importer.transport.client import Ask
from importer.transport.outgoing import Advance, Feed, OutgoingBlob
from importer.transport.retry import PassingFailure
from importer.transport.upload_session import Target, UploadSession

_TAKEN: Final = frozenset({201, 202, 204, 404, 413, 416})


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

    def run(self, mount_from: str | None = None, begun: UploadSession | None = None) -> None:
        """Upload the blob, have it mounted from another repository, or go on with an upload that was begun.

        Raises NetworkError; VerificationError when the source has changed.
        """
        session = begun or self._start(mount_from)
        self._advance(begun.offset if begun else 0)
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
                session = self._target.resumed(session) or self._target.begin()

    def _start(self, mount_from: str | None) -> UploadSession | None:
        if mount_from is None:
            return self._target.begin()
        session = self._target.mount(self._blob.digest, mount_from)
        if session is None:
            self._advance(self._blob.size)
        return session

    def _send_all(self, session: UploadSession) -> None:
        while session.offset < self._blob.size:
            self._surroundings.stop.check()
            self._send_chunk(session)
        if not session.proven:
            self._feed.finish()
        self._target.commit(session, self._blob.digest)

    def _send_chunk(self, session: UploadSession) -> None:
        session.proven = False
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

    def _take(self, answer: Answer, session: UploadSession, end: int) -> None:
        if answer.status == 413:
            self._too_large(answer)
        if answer.status in (404, 416):
            raise PassingFailure(f"{answer.host} has lost the upload ({answer.status})")
        self._target.take(session, answer, end)

    def _too_large(self, answer: Answer) -> None:
        limit = self._limit.length or self._blob.size
        if limit <= SMALLEST_RANGE:
            raise NetworkError(f"{answer.host} rejects chunks of even {limit:,} bytes (413)")
        self._sent = min(self._sent or limit, limit)
        raise PassingFailure(f"{answer.host} rejects chunks of that size (413)")

    def _shrink(self) -> bool:
        """Halve the chunks after a break: a registry may throw away all of a chunk that breaks off."""
        return self._sent > SMALLEST_RANGE and self._limit.lower(self._sent // 2)


def pieces_of(content: bytes) -> Iterator[bytes]:
    """A body that is in memory already."""
    yield content
