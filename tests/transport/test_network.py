"""The environment's proxies and certificates."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from importer.errors import InputError
from importer.transport.client import Ask
from importer.transport.network import Network, tls_context
from tests.programs.command import run
from tests.transport.faulty_server import FaultyServer, Resource
from tests.transport.surroundings import World


@pytest.mark.parametrize(
    ("variables", "url", "proxy"),
    [
        ({"HTTPS_PROXY": "http://p.example:3128"}, "https://r.example/v2/", "http://p.example:3128"),
        ({"https_proxy": "p.example:3128"}, "https://r.example/v2/", "http://p.example:3128"),
        ({"HTTPS_PROXY": "http://p.example:3128"}, "http://r.example/v2/", None),
        ({"HTTPS_PROXY": "http://p.example:3128", "NO_PROXY": "r.example"}, "https://r.example/v2/", None),
        ({"HTTPS_PROXY": "http://p.example:3128", "NO_PROXY": ".example"}, "https://r.example:5000/v2/", None),
        ({"HTTPS_PROXY": "http://p.example:3128", "NO_PROXY": "*"}, "https://r.example/v2/", None),
        ({"HTTPS_PROXY": "http://p.example:3128"}, "https://localhost:5000/v2/", None),
        ({"ALL_PROXY": "http://p.example:3128"}, "https://127.0.0.1:5000/v2/", None),
        ({}, "https://r.example/v2/", None),
    ],
)
def test_proxies(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], url: str, proxy: str | None) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Network().proxy_for(url) == proxy


def test_a_request_goes_through_the_proxy_with_its_login(
    monkeypatch: pytest.MonkeyPatch, server: FaultyServer, world: World
) -> None:
    server.resources["http://r.example/v2/"] = Resource(b"in")
    monkeypatch.setenv("HTTP_PROXY", f"http://jane:p%40ss@{server.host}")
    fetched = world.client("http://r.example").fetch(Ask("GET", "http://r.example/v2/"), {200}, 10)
    assert fetched.content == b"in"
    assert server.seen[0].headers["proxy-authorization"] == "Basic amFuZTpwQHNz"


def test_a_proxy_of_an_unknown_kind(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://p.example")
    with pytest.raises(InputError, match="socks5"):
        world.client("https://r.example").fetch(Ask("GET", "https://r.example/v2/"), {200}, 10)


def test_certificates_of_the_environment(tmp_path: Path) -> None:
    certificate = tmp_path / "ca.crt"
    subject = ["-subj", "/CN=ca.example", "-days", "2"]
    run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(tmp_path / "k"), "-out",
         str(certificate), *subject])  # fmt: skip
    context = tls_context({"REQUESTS_CA_BUNDLE": str(certificate)})
    assert len(context.get_ca_certs()) == 1
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_certificates_that_are_not_there() -> None:
    with pytest.raises(InputError, match=r"/nowhere/ca\.crt"):
        tls_context({"REQUESTS_CA_BUNDLE": "/nowhere/ca.crt"})
