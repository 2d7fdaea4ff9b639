"""A token server for docker-registry's own token authentication, with a key made for it.

Source: distribution "Token Authentication Specification" and "Token Authentication Implementation" (JWT with the
certificate in ``x5c``).
"""

from __future__ import annotations

import base64
import json
import subprocess
import time
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.programs.command import find, run

ISSUER = "blobfix-tests"
SERVICE = "registry"
USER, PASSWORD = "jane", "s3cret: with \u00fcmlaut"
REFRESH_TOKEN = "refresh-me"


class TokenServer:
    """Gives anybody tokens to pull, and USER those to push; ``with`` starts and ends it.

    ``life`` is what is said of each token's life in seconds; ``expired`` tokens are refused by the registry at once.
    """

    def __init__(self, folder: Path) -> None:
        self.certificate = folder / "token.crt"
        self._key = folder / "token.key"
        openssl = find("openssl", "openssl")
        subject = ["-subj", "/CN=blobfix-tests", "-days", "2"]
        run([openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(self._key), "-out",
             str(self.certificate), *subject])  # fmt: skip
        self._openssl = openssl
        self.anonymous_may_pull = True
        self.requests: list[tuple[str, dict[str, list[str]], str | None]] = []
        self.seconds_left: Callable[[], int] = lambda: 300
        owner = self

        class Handler(_Handler):
            server_owner = owner

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def realm(self) -> str:
        """What the registry's challenges name."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/token?kind=jwt"

    @property
    def registry_settings(self) -> str:
        """The ``auth`` section of the registry's configuration."""
        value = {"token": {"realm": self.realm, "service": SERVICE, "issuer": ISSUER,
                           "rootcertbundle": str(self.certificate)}}  # fmt: skip
        return f"auth: {json.dumps(value)}\n"

    def token(self, scopes: list[str], *, known: bool) -> str:
        """A signed token for as much of the scopes as the asker may have."""
        now = int(time.time())
        body = {"iss": ISSUER, "sub": USER if known else "", "aud": SERVICE, "exp": now + self.seconds_left(),
                "nbf": now - 3600, "iat": now - 3600, "jti": uuid.uuid4().hex,
                "access": [self._access(scope, known=known) for scope in scopes]}  # fmt: skip
        certificate = "".join(self.certificate.read_text().splitlines()[1:-1])
        signed = f"{_encoded({'typ': 'JWT', 'alg': 'RS256', 'x5c': [certificate]})}.{_encoded(body)}"
        signature = subprocess.run(
            [self._openssl, "dgst", "-sha256", "-sign", str(self._key)],
            input=signed.encode(), capture_output=True, check=True,
        ).stdout  # fmt: skip
        return f"{signed}.{_base64(signature)}"

    def _access(self, scope: str, *, known: bool) -> dict[str, Any]:
        kind, name, actions = scope.split(":")
        allowed = {"pull", "push"} if known else {"pull"} if self.anonymous_may_pull else set()
        return {"type": kind, "name": name, "actions": sorted(set(actions.split(",")) & allowed)}


class _Handler(BaseHTTPRequestHandler):
    server_owner: TokenServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        shown = self.headers.get("Authorization")
        self.server_owner.requests.append(("GET", query, shown))
        right = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if shown not in (None, right):
            self._answer(401, {"errors": [{"code": "UNAUTHORIZED", "message": "wrong password"}]})
            return
        self._answer(200, {"token": self.server_owner.token(query.get("scope", []), known=shown is not None)})

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server_owner.requests.append(("POST", form, None))
        if form.get("refresh_token") != [REFRESH_TOKEN] or form.get("grant_type") != ["refresh_token"]:
            self._answer(401, {"errors": [{"code": "UNAUTHORIZED", "message": "no such token"}]})
            return
        token = self.server_owner.token(form.get("scope", [""])[0].split(), known=True)
        self._answer(200, {"access_token": token, "expires_in": 300})

    def _answer(self, status: int, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


def _encoded(value: Any) -> str:
    return _base64(json.dumps(value).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
