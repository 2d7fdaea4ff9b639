"""A small part of what ``make torture`` tries, the same in each run; and that the trial finds what is wrong."""

from __future__ import annotations

import os

import pytest

from tests.torture import crash_points, power_cuts
from tests.torture.shim import compiler

_ONE_OF = 101
"""The suite tries one of so many points; a prime, so that all kinds of faults and calls have their turn."""

pytestmark = pytest.mark.skipif(
    compiler() is None and "CI" not in os.environ, reason="needs a C compiler: apt-get install gcc libc6-dev"
)


def test_crash_points() -> None:
    figures = crash_points.run(0, every=_ONE_OF)
    assert figures.tried > 50
    assert figures.failures == ()


def test_power_cuts() -> None:
    figures = power_cuts.run(0, every=_ONE_OF)
    assert figures.tried > 20
    assert figures.failures == ()
