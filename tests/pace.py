"""How fast this machine is right now, so that a bound on time means the same on a fast and on a busy one.

A test that says "at most 20 seconds" fails on a machine that is slow for reasons of its own. Bounds are therefore told
in processor seconds of an idle, ordinary machine, and stretched by what a fixed piece of work costs here and now.
"""

from __future__ import annotations

import hashlib
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager

# Processor seconds that `_work` takes on an idle machine, rounded down.
_ORDINARY = 0.22


def _work() -> None:
    hashlib.sha256(bytes(40_000_000)).digest()
    table: dict[str, int] = {}
    for number in range(300_000):
        table[f"file{number}"] = number


def _spent() -> float:
    ours, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return ours.ru_utime + ours.ru_stime + others.ru_utime + others.ru_stime


def stretch() -> float:
    """By how much this machine is slower than an ordinary one, at least 1."""
    started = time.process_time()
    _work()
    return max(1.0, (time.process_time() - started) / _ORDINARY)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail if the body, and processes that ended in it, took more than `seconds` of an ordinary processor."""
    before = stretch()
    started = _spent()
    yield
    spent = _spent() - started
    allowed = seconds * max(before, stretch())
    assert spent < allowed, f"{spent:.1f} processor seconds, where {allowed:.1f} are allowed"
