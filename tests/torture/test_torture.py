"""A small part of what ``make torture`` tries, the same in each run; and that the trial finds what is wrong."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from tests.torture import crash_points, power_cuts
from tests.torture.shares import Choice
from tests.torture.shim import compiler

_SMALL = Choice(every=13)
"""The suite tries one of so many points; a prime, so that all kinds of faults and calls have their turn."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        compiler() is None and "CI" not in os.environ, reason="needs a C compiler: apt-get install gcc libc6-dev"
    ),
]


def test_crash_points() -> None:
    figures = crash_points.run(0, _SMALL)
    assert figures.tried > 50
    assert figures.failures == ()


def test_power_cuts() -> None:
    figures = power_cuts.run(0, _SMALL)
    assert figures.tried > 10
    assert figures.failures == ()


def test_a_power_cut_after_a_command_that_does_not_wait_for_the_disk_is_found_to_lose_something() -> None:
    one = Choice(scenario="to-docker-tar to a file, an older one is there")
    assert power_cuts.run(0, one).failures == ()
    lost = power_cuts.run(0, replace(one, options=("--no-sync",))).failures
    assert any("it said that it was done" in failure for failure in lost)
