"""Fixtures of the transport's tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import need
from tests.programs.command import find, run
from tests.programs.containerd import Containerd
from tests.programs.nginx import Nginx
from tests.programs.token_server import PASSWORD, USER, TokenServer
from tests.transport.faulty_server import FaultyServer
from tests.transport.surroundings import World


@pytest.fixture(autouse=True)
def _own_environment(own_environment: None) -> None:
    """The user's logins and proxies stay out of it."""


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


@pytest.fixture
def containerd(containerd_daemon: Containerd) -> Containerd:
    return containerd_daemon


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
