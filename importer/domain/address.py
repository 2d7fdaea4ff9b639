"""Addresses of servers: which scheme, which host, which path before the API.

Sources: RFC 3986; distribution-spec, "Endpoints" (``/v2/`` is the API's root).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: to no other are credentials ever sent."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Origin:
        """The origin of an http or https address; raises ValueError for anything else."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError(f"not an http or https address: {url!r}")
        return cls(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme])

    @property
    def shown(self) -> str:
        """The server in a message: its host, and its port where that isn't the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine."""
        return is_loopback(self.host)

    @property
    def may_see_credentials(self) -> bool:
        """Whether nobody on the way can read what is sent."""
        return self.scheme == "https" or self.is_loopback


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """Everything that stands before ``/v2/`` (or, in Artifactory, before the repository's key).

    Attributes:
        scheme: http or https.
        authority: host and port, as given.
        path: empty, or ``/`` and names without one at the end.
    """

    scheme: str
    authority: str
    path: str = ""

    @classmethod
    def of_host(cls, authority: str, *, plain_http: bool = False) -> BaseUrl:
        """https, except for this machine itself and where plain http is asked for."""
        host = urlsplit(f"//{authority}").hostname or ""
        return cls("http" if plain_http or is_loopback(host) else "https", authority)

    @property
    def origin(self) -> Origin:
        """The place that the credentials are for."""
        return Origin.of(str(self))

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine (RFC 6761 §6.3 for ``localhost``)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def split_url(url: str) -> SplitResult:
    """Take an address apart; raises ValueError, with a reason in plain words, for one nobody should use."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS:
        raise ValueError(f"{parts.scheme or 'no'} scheme; only http and https can be used")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it contains credentials, which don't belong in an address")
    if not parts.hostname:
        raise ValueError("it has no host")
    _ = parts.port  # raises ValueError for a port that is none
    return parts


def is_web_address(url: str) -> bool:
    """Whether an address that a document names is one to fetch something from."""
    try:
        split_url(url)
    except ValueError:
        return False
    return url.isascii() and url.isprintable() and " " not in url


def without_query(url: str) -> str:
    """The address as it may be shown: signed addresses carry their secrets in the query."""
    return urlsplit(url)._replace(query="", fragment="").geturl()
