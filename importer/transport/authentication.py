"""Being let in: the answer to a server's challenge, remembered for the next request.

Sources: RFC 9110 §11; RFC 6750 §3.1 (``insufficient_scope``); distribution "Token
Authentication Specification".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Final

from importer.transport.challenge import Challenge, preferred_challenge
from importer.transport.credentials import API_KEY_HEADER, AccessToken, ApiKey, Credentials, Password
from importer.transport.network import Network
from importer.transport.timing import Timing
from importer.transport.tokens import Token, TokenRequest, fetch_token

MAX_ROUNDS: Final = 3
"""Challenges of one request that are answered: none shown yet, an old token, one that allows too little."""

FindCredentials = Callable[[], Credentials | None]
"""Looks the credentials up; asked once, and only when a server wants some."""

Secrets = Mapping[str, str]


class Authentication:
    """What one server is shown; it may be used from several threads.

    Args:
        find: looks the credentials up.
        eager: show a password before it is asked for; servers that let anybody in show a stranger
            fewer files instead of asking.
    """

    def __init__(self, network: Network, timing: Timing, find: FindCredentials, *, eager: bool = False) -> None:
        self._network = network
        self._timing = timing
        self._find = find
        self._eager = eager
        self._lock = threading.RLock()
        self._challenge: Challenge | None = None
        self._scopes: dict[str, frozenset[str]] = {}
        self._tokens: dict[frozenset[str], Token] = {}

    @cached_property
    def credentials(self) -> Credentials | None:
        """What the user has for this server."""
        return self._find()

    def secrets(self, scope: str | None) -> Secrets:
        """The headers to show with a request that needs ``scope``; raises as ``fetch_token`` does."""
        with self._lock:
            if self._challenge is None:
                return (self._own_header() or self._basic()) if self._eager else {}
            if own := self._own_header():
                return own
            if self._challenge.scheme == "basic":
                return self._basic()
            return {"Authorization": f"Bearer {self._token(self._wanted(scope)).value}"}

    def challenged(self, headers: Iterable[str], scope: str | None, shown: Secrets) -> Secrets | None:
        """The headers to show after a 401, or None when there is nothing better than what was shown."""
        with self._lock:
            challenge = preferred_challenge(headers)
            if own := self._own_header():
                self._challenge = challenge or Challenge("basic")
                return own if own != shown else None
            if challenge is None:
                return None
            self._challenge = challenge
            if challenge.scheme == "basic":
                secrets = self._basic()
                return secrets if secrets and secrets != shown else None
            wanted = self._wanted(scope) | set(challenge.scopes)
            self._scopes[scope or ""] = wanted
            return self._bearer(wanted, shown)

    def _own_header(self) -> Secrets:
        """Tokens and keys that are shown as they are, whatever the challenge."""
        match self.credentials:
            case ApiKey(key):
                return {API_KEY_HEADER: key}
            case AccessToken() as token:
                return {"Authorization": token.bearer}
        return {}

    def _basic(self) -> Secrets:
        return {"Authorization": self.credentials.basic} if isinstance(self.credentials, Password) else {}

    def _wanted(self, scope: str | None) -> frozenset[str]:
        return self._scopes.get(scope or "", frozenset((scope or "").split()))

    def _bearer(self, wanted: frozenset[str], shown: Secrets) -> Secrets:
        cached = self._tokens.get(wanted)
        if cached and shown.get("Authorization") == f"Bearer {cached.value}":
            # It was refused, however long it should have lived.
            del self._tokens[wanted]
        return {"Authorization": f"Bearer {self._token(wanted).value}"}

    def _token(self, wanted: frozenset[str]) -> Token:
        token = self._tokens.get(wanted)
        if token is None or token.good_until <= self._timing.now():
            token = self._new_token(wanted)
            self._tokens[wanted] = token
        return token

    def _new_token(self, wanted: frozenset[str]) -> Token:
        parameters = self._challenge.parameters if self._challenge else {}
        request = TokenRequest(parameters.get("realm", ""), parameters.get("service", ""), wanted)
        return fetch_token(self._network, self._timing, request, self.credentials)
