"""Fixtures of the server's tests."""

from __future__ import annotations

import pytest

from tests.programs.containerd import Containerd


@pytest.fixture(autouse=True)
def _own_environment(own_environment: None) -> None:
    """The user's logins and proxies stay out of it."""


@pytest.fixture
def containerd(containerd_daemon: Containerd) -> Containerd:
    return containerd_daemon
