"""Sending a request and following where it leads, without ever taking secrets along.

Sources: RFC 9110 §15.4 (redirects), §17.16.3 and RFC 6750 §5.3 (what must not leak).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urljoin

from urllib3 import exceptions

from importer.domain.address import Origin, split_url, without_query
from importer.errors import NetworkError
from importer.transport.answer import Answer, broken
from importer.transport.header_values import whole_number
from importer.transport.network import Network

MAX_REDIRECTS: Final = 10
_FOLLOWED: Final = {
    "GET": frozenset({301, 302, 303, 307, 308}),
    "HEAD": frozenset({301, 302, 303, 307, 308}),
}
_SAME_METHOD: Final = frozenset({307, 308})

Body = Callable[[], Iterable[bytes]]
"""Makes the bytes of a request's body, from the first on, each time it is called."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        method, url: what is asked for, and where.
        headers: those that anybody may see; Content-Length among them when there is a body.
        body: the body, to be made anew for each try.
        secrets: headers for the url's own origin alone.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


def send(network: Network, call: Call) -> Answer:
    """Send a request and follow redirects to the answer.

    Raises PassingFailure when the connection fails, and NetworkError for redirects that lead
    nowhere good: in circles, too far, from https to http, to addresses with credentials in them.
    """
    home = Origin.of(call.url)
    if call.secrets and not home.may_see_credentials:
        raise NetworkError(
            f"{home.shown} is reached by plain http, over which credentials are never sent; use https, or no login"
        )
    seen = [call.url]
    while True:
        url = seen[-1]
        answer = _send_once(network, call, url, call.secrets if Origin.of(url) == home else {})
        if answer.status not in _FOLLOWED.get(call.method, _SAME_METHOD):
            return answer
        location = answer.header("Location")
        answer.close()
        seen.append(_next(url, location, seen))


def _send_once(network: Network, call: Call, url: str, secrets: Mapping[str, str]) -> Answer:
    host = Origin.of(url).shown
    # Anything else than identity invites proxies to unpack what is packed, and packed it must stay.
    headers = {"Accept-Encoding": "identity", "User-Agent": "blobfix", **call.headers, **secrets}
    try:
        response = network.send(call.method, url, headers, call.body() if call.body else None)
    except exceptions.LocationValueError as error:
        raise NetworkError(f"{without_query(url)} can't be used as an address") from error
    except exceptions.HTTPError as error:
        raise broken(error, host, network.patience) from error
    length = response.headers.get("Content-Length")
    if length is not None and whole_number(length) is None:
        response.close()
        raise NetworkError(f"{host} sent an invalid Content-Length: {length[:40]!r}")
    return Answer(response, url, network, keep=headers.get("Connection") != "close")


def _next(url: str, location: str | None, seen: list[str]) -> str:
    here = Origin.of(url)
    if not location:
        raise NetworkError(f"{here.host} redirects without a Location")
    target = named_address(url, location, f"{here.host} redirects to an address")
    if here.scheme == "https" and Origin.of(target).scheme == "http":
        raise NetworkError(f"{here.host} redirects from https to plain http ({without_query(target)}); refused")
    if target in seen:
        raise NetworkError(f"{here.host} redirects in a loop, back to {without_query(target)}")
    if len(seen) > MAX_REDIRECTS:
        raise NetworkError(f"{here.host} redirects more than {MAX_REDIRECTS} times")
    return target


def named_address(url: str, reference: str, said: str) -> str:
    """The address that a server's answer from ``url`` names; raises NetworkError for one nobody should use.

    ``said``: what the server did with it, as in "x redirects to an address".
    """
    try:
        target = urljoin(url, reference)
        split_url(target)
    except ValueError as error:
        raise NetworkError(f"{said} that can't be used: {error}") from error
    return target
