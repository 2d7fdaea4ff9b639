"""Fixtures of the transport's tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import need
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, GeneratedIndex, make_image, make_index
from tests.programs.command import find, run
from tests.programs.containerd import Containerd
from tests.programs.nginx import Nginx
from tests.programs.token_server import PASSWORD, USER, TokenServer
from tests.transport.faulty_server import FaultyServer
from tests.transport.surroundings import World


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The user's logins and proxies stay out of it."""
    folder = tmp_path_factory.mktemp("docker-config")
    # podman insists on the file when the variable names its folder.
    (folder / "config.json").write_text("{}")
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as server:
        yield server


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def nginx() -> Iterator[Callable[[str], Nginx]]:
    """A function ``nginx(server)`` that starts one with this inside of its server block; all end with the test."""
    with ExitStack() as stack:
        yield lambda server: stack.enter_context(need(lambda: Nginx(server)))


@pytest.fixture(scope="session")
def containerd() -> Iterator[Containerd]:
    with need(Containerd) as daemon:
        yield daemon


@pytest.fixture
def tokens(tmp_path: Path) -> Iterator[TokenServer]:
    with need(lambda: TokenServer(tmp_path)) as server:
        yield server


@pytest.fixture(scope="session")
def htpasswd(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The ``auth`` section for a registry that lets only USER in."""
    path = tmp_path_factory.mktemp("htpasswd") / "htpasswd"
    program = need(lambda: find("htpasswd", "apache2-utils"))
    path.write_text(run([program, "-nbB", "-C", "4", USER, PASSWORD]).strip() + "\n")
    return f"auth: {json.dumps({'htpasswd': {'realm': 'tests', 'path': str(path)}})}\n"


@pytest.fixture(scope="session")
def whole_image() -> GeneratedImage:
    """Three layers of half a megabyte together; docker's kind."""
    return make_image(sample_layers("whole", 500_000))


@pytest.fixture(scope="session")
def whole_index(whole_image: GeneratedImage) -> GeneratedIndex:
    """Two platforms that share nothing."""
    return make_index([whole_image, make_image(sample_layers("arm", 300_000), architecture="arm64")])
