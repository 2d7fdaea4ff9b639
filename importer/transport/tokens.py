"""Getting tokens from a token server.

Sources: distribution "Token Authentication Specification" (GET with Basic; ``token`` or
``access_token``; ``expires_in`` is 60 when nothing is said) and "OAuth2 Token Authentication"
(POST with ``grant_type=refresh_token``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from importer.domain.address import Origin, split_url
from importer.domain.json_members import object_of
from importer.errors import NetworkError
from importer.transport.answer import Answer
from importer.transport.credentials import Credentials, IdentityToken, Password
from importer.transport.header_values import lifetime, token
from importer.transport.network import Network
from importer.transport.redirects import Call, send
from importer.transport.retry import PASSING_STATUSES, PassingFailure, seconds_to_wait
from importer.transport.timing import Timing

_SHORTEST_LIFE: Final = 60.0
_SPARE: Final = 10.0
"""Seconds before its end at which a token isn't used for a new request any more."""

_MAX_REPLY: Final = 1 << 20
_CLIENT_ID: Final = "blobfix"


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What a token is asked for: where, for which service, and what it must allow."""

    realm: str
    service: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Token:
    """A token and the moment, on the clock of ``Timing.now``, from which on it isn't used."""

    value: str = field(repr=False)
    good_until: float


def fetch_token(network: Network, timing: Timing, request: TokenRequest, credentials: Credentials | None) -> Token:
    """Ask for a token; raises NetworkError when it is refused, and PassingFailure."""
    try:
        split_url(request.realm)
    except ValueError as error:
        raise NetworkError(f"the server's address for tokens can't be used: {error}") from error
    with send(network, _call(request, credentials)) as answer:
        if answer.status in PASSING_STATUSES:
            wait = seconds_to_wait(answer.header("Retry-After"), timing)
            raise PassingFailure(f"the token server {answer.host} answers {answer.status}", wait)
        if answer.status != 200:
            raise NetworkError(_refusal(answer, request, credentials))
        return _token(answer, timing)


def _call(request: TokenRequest, credentials: Credentials | None) -> Call:
    scopes = sorted(request.scopes)
    service = [("service", request.service)] if request.service else []
    if isinstance(credentials, IdentityToken):
        return _refresh_call(request.realm, credentials, [*service, ("scope", " ".join(scopes))])
    account = [("account", credentials.username)] if isinstance(credentials, Password) else []
    query = urlencode([*service, *(("scope", scope) for scope in scopes), *account], errors="surrogateescape")
    parts = urlsplit(request.realm)
    url = parts._replace(query="&".join(part for part in (parts.query, query) if part)).geturl()
    secrets = {"Authorization": credentials.basic} if isinstance(credentials, Password) else {}
    return Call("GET", url, secrets=secrets)


def _refresh_call(realm: str, identity: IdentityToken, fields: list[tuple[str, str]]) -> Call:
    origin = Origin.of(realm)
    if not origin.may_see_credentials:
        raise NetworkError(f"the token server {origin.shown} is reached by plain http; no credentials are sent there")
    grant = [("grant_type", "refresh_token"), ("refresh_token", identity.token), ("client_id", _CLIENT_ID)]
    body = urlencode([*grant, *fields], errors="surrogateescape").encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))}
    return Call("POST", realm, headers, lambda: [body])


def _token(answer: Answer, timing: Timing) -> Token:
    try:
        reply = object_of(json.loads(answer.read(_MAX_REPLY)))
        life = lifetime(reply.get("expires_in"), _SHORTEST_LIFE)
    except (ValueError, RecursionError) as error:
        raise NetworkError(f"the token server {answer.host} did not send a token") from error
    said = reply.get("token") or reply.get("access_token")
    if not said:
        raise NetworkError(f"the token server {answer.host} did not send a token")
    value = token(said)
    if value is None:
        raise NetworkError(f"the token server {answer.host} sent an invalid token")
    return Token(value, timing.now() + life - _SPARE)


def _refusal(answer: Answer, request: TokenRequest, credentials: Any) -> str:
    wanted = ", ".join(sorted(request.scopes)) or "a login"
    who = f"{credentials.username}" if isinstance(credentials, Password) else "this login" if credentials else "anybody"
    said = answer.quoted()
    return f"the token server {answer.host} refuses {who} a token for {wanted} ({answer.status}{said and ': ' + said})"
