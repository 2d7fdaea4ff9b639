"""An answer on its way: its head is here, its body comes in blocks, and the line may break at any moment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

import urllib3
from urllib3 import exceptions

from importer.domain.address import Origin
from importer.errors import NetworkError
from importer.formats.error_pages import message_of_json_error, message_of_markup, quote
from importer.places.byte_streams import BLOCK_SIZE
from importer.transport.header_values import whole_number
from importer.transport.network import Network, Patience
from importer.transport.pace import Pace
from importer.transport.retry import PassingFailure

_MAX_ERROR_BODY: Final = 64 << 10
_WORTH_DRAINING: Final = 4 << 10
"""Bytes up to which the rest of a body costs less than a new connection."""

_LONGEST_DRAINING: Final = 1.0
"""Seconds; a new connection takes no longer."""


class Answer:
    """A response; use it as a context manager, so that its connection is free or closed at the end."""

    def __init__(self, response: urllib3.BaseHTTPResponse, url: str, network: Network, *, keep: bool = True) -> None:
        self._response = response
        self._patience = network.patience
        self._now = network.now
        # Whether the connection may be used again; a server that was asked to close it needn't say so.
        self._keep = keep
        self.url = url
        self.host = Origin.of(url).shown
        self.status = response.status

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection; one whose body wasn't read to the end can't be used again."""
        if self._keep and self.length is not None and self.length <= _WORTH_DRAINING:
            self._drain()
        self._response.close()
        self._response.release_conn()

    def header(self, name: str) -> str | None:
        """A header's value, in whatever case its name is written."""
        value: str | None = self._response.headers.get(name)
        return value

    def headers(self, name: str) -> list[str]:
        """The values of a header that may be there several times."""
        return list(self._response.headers.getlist(name))

    @property
    def length(self) -> int | None:
        """The bytes that the body is said to have; None when nothing is said."""
        return whole_number(self.header("Content-Length"))

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters, in lower case."""
        return (self.header("Content-Type") or "").partition(";")[0].strip().lower()

    @property
    def encoding(self) -> str:
        """The Content-Encoding, in lower case; empty for none."""
        coding = (self.header("Content-Encoding") or "").strip().lower()
        return "" if coding == "identity" else coding

    def blocks(self) -> Iterator[bytes]:
        """The body's bytes as they come, not decoded; raises PassingFailure when the line breaks."""
        pace = Pace(self.host, self._now)
        while block := pace.timed(self._block):
            yield block

    def _block(self) -> bytes:
        try:
            return self._response.read1(BLOCK_SIZE, decode_content=False)
        except exceptions.HTTPError as error:
            raise broken(error, self.host, self._patience) from error
        except (OSError, ValueError) as error:
            # What http.client makes of a body that breaks HTTP's rules, and TLS of a connection that was shut.
            raise PassingFailure(f"{self.host} sends a body that can't be read ({quote(str(error))})") from error

    def _drain(self) -> None:
        """Read the little that is left, unless even that takes long."""
        until = self._now() + _LONGEST_DRAINING
        with suppress(PassingFailure, NetworkError):
            while self._block() and self._now() < until:
                pass

    def read(self, limit: int) -> bytes:
        """The whole body; raises NetworkError when it has more than ``limit`` bytes, and PassingFailure."""
        content = bytearray()
        if (self.length or 0) > limit:
            raise self._too_long(limit)
        for block in self.blocks():
            content += block
            if len(content) > limit:
                raise self._too_long(limit)
        return bytes(content)

    def _too_long(self, limit: int) -> NetworkError:
        return NetworkError(f"{self.host} sends more than {limit:,} bytes where a short document was expected")

    def quoted(self) -> str:
        """What an error's body says, in one line for people; empty when it says nothing."""
        try:
            content = self.read(_MAX_ERROR_BODY)
        except (NetworkError, PassingFailure):
            return ""
        return quote_body(content)


def quote_body(content: bytes) -> str:
    """The message of a JSON error, of a page or of a text, in one printable line."""
    try:
        message = message_of_json_error(json.loads(content))
    except (ValueError, RecursionError):
        message = None
    text = content.decode("utf-8", "replace")
    if message is None:
        message = message_of_markup(text) if text.lstrip().startswith("<") else quote(text)
    return message


def broken(error: exceptions.HTTPError, host: str, patience: Patience) -> PassingFailure:
    """Why a connection ended early, with the side that ended it; raises NetworkError for what won't pass."""
    match error:
        case exceptions.SSLError():
            raise NetworkError(_tls_advice(error, host)) from error
        case exceptions.NameResolutionError():
            return PassingFailure(f"the host name {host} can't be resolved (is it right, and is the network up?)")
        case exceptions.NewConnectionError():
            return PassingFailure(f"{host} can't be reached: {_innermost(error)}")
        case exceptions.ConnectTimeoutError():
            return PassingFailure(f"{host} doesn't answer within {patience.connect:.0f} s")
        case exceptions.ReadTimeoutError():
            return PassingFailure(f"{host} sent nothing for {patience.read:.0f} s")
        case exceptions.ProxyError():
            return PassingFailure(f"the proxy to {host} failed: {_innermost(error)}")
    return PassingFailure(f"{host}, or something in between, closed the connection ({_innermost(error)})")


def _tls_advice(error: exceptions.HTTPError, host: str) -> str:
    reason = _innermost(error)
    if "WRONG_VERSION_NUMBER" in reason or "record layer failure" in reason:
        return f"{host} doesn't speak https here; if it is meant to be plain http, allow it with --plain-http"
    return (
        f"{host} failed certificate verification: {reason}. If your organisation issued its certificate, set "
        "SSL_CERT_FILE to the file with its CA certificate"
    )


def _innermost(error: BaseException) -> str:
    cause = error.__cause__ or error.__context__
    while isinstance(cause, Exception) and (cause.__cause__ or cause.__context__):
        cause = cause.__cause__ or cause.__context__
    chosen = cause if isinstance(cause, OSError) else error
    if isinstance(chosen, OSError) and chosen.strerror:
        return chosen.strerror
    return quote(str(chosen)) or type(chosen).__name__
