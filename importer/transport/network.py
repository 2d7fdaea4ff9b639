"""Connections: pooled, through the proxy and with the certificates that the environment asks for.

Sources: the variables curl, Go and Python's own tools share: HTTP_PROXY, HTTPS_PROXY, NO_PROXY
(either case), SSL_CERT_FILE and SSL_CERT_DIR (OpenSSL), REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE.
"""

from __future__ import annotations

import os
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]
from weakref import WeakSet

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import HTTPResponse
from urllib3.util import Timeout, make_headers

from importer.domain.address import Origin
from importer.errors import InputError
from importer.transport.pace import SPAN, cut_off_after

_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_CONNECTIONS: Final = 16


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds to wait for a connection, and for the next byte; a head may take a minute more in all."""

    connect: float = 20.0
    read: float = 60.0


class Network:
    """Sends one request and gives the answer, whatever it is: no redirects, no retries, no decoding.

    It may be used from several threads.

    Args:
        patience: how long to wait.
        now: the clock by which a server's pace is measured.
    """

    def __init__(self, patience: Patience | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._patience = patience or Patience()
        self.now = now
        self._proxies: dict[str, str] = getproxies_environment()
        self._managers: dict[tuple[str | None, bool], urllib3.PoolManager] = {}
        self._open: WeakSet[urllib3.BaseHTTPResponse] = WeakSet()
        self._lock = threading.Lock()

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | Iterable[bytes] | None = None
    ) -> urllib3.BaseHTTPResponse:
        """Send a request; raises urllib3's errors."""
        patience = self._patience
        response = self._manager_for(url).request(
            method,
            url,
            headers=dict(headers),
            body=body,
            timeout=Timeout(connect=patience.connect, read=patience.read),
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )
        with self._lock:
            self._open.add(response)
        return response

    def abort(self) -> None:
        """Break off every answer that is being read: a thread that waits for bytes sees no flag."""
        with self._lock:
            responses = list(self._open)
        for response in responses:
            # One that was read to its end meanwhile has nothing left to break off.
            with suppress(OSError, ValueError, RuntimeError, AttributeError):
                response.shutdown()

    @property
    def patience(self) -> Patience:
        """How long it waits."""
        return self._patience

    def _manager_for(self, url: str) -> urllib3.PoolManager:
        proxy = self.proxy_for(url)
        secure = Origin.of(url).scheme == "https" or (proxy or "").lower().startswith("https:")
        with self._lock:
            if (proxy, secure) not in self._managers:
                # Reading a system's certificates takes longer than all the rest of a connection.
                tls = tls_context(os.environ) if secure else None
                self._managers[proxy, secure] = _new_manager(proxy, tls)
            return self._managers[proxy, secure]

    def proxy_for(self, url: str) -> str | None:
        """The proxy that the environment names for an address; this machine itself needs none."""
        origin = Origin.of(url)
        authority = urlsplit(url).netloc
        if origin.is_loopback or proxy_bypass_environment(authority, self._proxies):
            return None
        proxy = self._proxies.get(origin.scheme) or self._proxies.get("all")
        return f"http://{proxy}" if proxy and "://" not in proxy else proxy


def tls_context(environment: Mapping[str, str]) -> ssl.SSLContext:
    """What servers must prove; raises InputError for a bundle of certificates that can't be read.

    OpenSSL itself honours SSL_CERT_FILE and SSL_CERT_DIR.
    """
    bundle = next((environment[name] for name in _BUNDLES if environment.get(name)), None)
    if bundle is None:
        return ssl.create_default_context()
    try:
        if os.path.isdir(bundle):  # noqa: PTH112 - the value is passed on as it stands
            return ssl.create_default_context(capath=bundle)
        return ssl.create_default_context(cafile=bundle)
    except OSError as error:
        raise InputError(f"{bundle}: the certificates that the environment names can't be read: {error}") from error


class _HttpConnection(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        with _limited(self):
            return super().getresponse()


class _HttpsConnection(HTTPSConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        with _limited(self):
            return super().getresponse()


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


def _limited(connection: HTTPConnection) -> AbstractContextManager[None]:
    patience = connection.timeout if isinstance(connection.timeout, int | float) else SPAN
    return cut_off_after(patience + SPAN, connection.sock) if connection.sock else nullcontext()


def _new_manager(proxy: str | None, tls: ssl.SSLContext | None) -> urllib3.PoolManager:
    manager = _plain_manager(proxy, tls)
    manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
    return manager


def _plain_manager(proxy: str | None, tls: ssl.SSLContext | None) -> urllib3.PoolManager:
    if proxy is None:
        return urllib3.PoolManager(num_pools=8, maxsize=_CONNECTIONS, ssl_context=tls)
    parts = urlsplit(proxy)
    if parts.scheme not in ("http", "https"):
        raise InputError(f"the environment names a proxy of an unsupported kind: {parts.scheme}")
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return urllib3.ProxyManager(
        bare,
        num_pools=8,
        maxsize=_CONNECTIONS,
        ssl_context=tls,
        proxy_headers=make_headers(proxy_basic_auth=login) if login else None,
    )
