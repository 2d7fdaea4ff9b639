"""Where uploads go, and one upload as the registry sees it.

Sources: distribution-spec v1.1, "Pushing a blob in chunks", "Mounting a blob from another
repository"; distribution ``docs/spec/api.md``, "Upload Progress" (GET of the upload's location),
"Canceling an Upload" (DELETE of it).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote, urlsplit

from importer.domain.address import BaseUrl, Origin
from importer.domain.digest import Digest
from importer.errors import NetworkError
from importer.transport.answer import Answer
from importer.transport.breaks import SMALLEST_RANGE
from importer.transport.client import Ask, Client
from importer.transport.header_values import whole_number
from importer.transport.redirects import named_address

_RANGE: Final = re.compile(r"(?:bytes=)?0-([0-9]+)")
_EMPTY: Final = {"Content-Length": "0"}
_DONE: Final = frozenset({201, 202, 204})


@dataclass(slots=True)
class UploadSession:
    """An upload that a registry has begun; it changes as bytes are taken.

    Attributes:
        location: where the next bytes go.
        offset: how many bytes the registry has.
        smallest: bytes that a chunk must have at least, but for the last.
        proven: whether the bytes that were sent have been proven to be the blob, all of it.
    """

    location: str
    offset: int = 0
    smallest: int = SMALLEST_RANGE
    proven: bool = False


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

    def begin(self) -> UploadSession:
        """Begin an upload; raises NetworkError."""
        session = self._post("", self.scope)
        if session is None:
            raise NetworkError(f"{self.client.base.origin.shown} claims to have mounted a blob that wasn't named (201)")
        return session

    def mount(self, digest: Digest, repository: str) -> UploadSession | None:
        """Have a blob mounted from another repository; None when it was, else an upload is begun."""
        query = f"?mount={digest}&from={quote(repository, safe='/')}"
        return self._post(query, f"{self.scope} repository:{repository}:pull")

    def _post(self, query: str, scope: str) -> UploadSession | None:
        ask = Ask("POST", f"{self.api}/blobs/uploads/{query}", _EMPTY, scope=scope)
        with self.client.ask(ask, {201, 202}) as answer:
            if answer.status == 201:
                return None
            least = whole_number(answer.header("OCI-Chunk-Min-Length")) or 0
            return UploadSession(self._location(answer, None), smallest=max(SMALLEST_RANGE, least))

    def take(self, session: UploadSession, answer: Answer, end: int) -> None:
        """Note what became of the bytes up to offset ``end``: the registry's word for how much it has is believed."""
        session.location = self._location(answer, session.location)
        session.offset = min(end, _bytes_of(answer) or end)

    def resumed(self, session: UploadSession) -> UploadSession | None:
        """Ask how far the upload got; None when the registry doesn't know it any more."""
        ask = Ask("GET", session.location, scope=self.scope)
        with self.client.ask(ask, {200, 204, 400, 404, 416}) as answer:
            known = _bytes_of(answer)
            if answer.status not in (200, 204) or known is None:
                return None
            # An upload without a byte says 0-0 as one with a single byte does.
            offset = known if known > 1 else 0
            return replace(session, location=self._location(answer, session.location), offset=offset)

    def commit(self, session: UploadSession, digest: Digest) -> None:
        """Make the upload a blob; raises PassingFailure and NetworkError."""
        mark = "&" if urlsplit(session.location).query else "?"
        url = f"{session.location}{mark}digest={digest}"
        with self.client.ask_once(Ask("PUT", url, _EMPTY, scope=self.scope), _DONE):
            pass

    def cancel(self, session: UploadSession) -> None:
        """Let the registry forget the upload; raises PassingFailure and NetworkError."""
        ask = Ask("DELETE", session.location, scope=self.scope)
        with self.client.ask_once(ask, _DONE | {200, 404}):
            pass

    def _location(self, answer: Answer, previous: str | None) -> str:
        """Where to go on: relative to the request, and as it stands, query and all."""
        location = answer.header("Location")
        if location is None and previous is not None:
            return previous
        if location is None:
            raise NetworkError(f"{answer.host} started an upload without a Location")
        target = named_address(answer.url, location, f"{answer.host} starts an upload at an address")
        return mended_location(target, self.client.base)


def _bytes_of(answer: Answer) -> int | None:
    """How many bytes an answer's Range says the registry has."""
    match = _RANGE.fullmatch((answer.header("Range") or "").strip())
    last = whole_number(match[1]) if match else None
    return None if last is None else last + 1


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
