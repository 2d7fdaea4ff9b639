"""Signals that end a run: each cleans up as Ctrl-C does."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

_PATIENCE: Final = 10.0
"""Seconds in which further signals don't disturb the cleaning up; whoever waits longer is heard again."""

_ENDING: Final = ("SIGINT", "SIGTERM", "SIGHUP")
"""SIGHUP says that the terminal is gone; Windows has none."""


def watch_signals(now: Callable[[], float] = time.monotonic) -> None:
    """Let each signal raise KeyboardInterrupt, except those that the caller has switched off, as nohup does."""
    interrupts = _Interrupts(now)
    for number in (getattr(signal, name) for name in _ENDING if hasattr(signal, name)):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, interrupts.take)


class _Interrupts:
    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._quiet_until: float | None = None

    def take(self, _signal: int, _frame: FrameType | None) -> None:
        """Interrupt the work, unless it was just now."""
        moment = self._now()
        if self._quiet_until is None or moment >= self._quiet_until:
            self._quiet_until = moment + _PATIENCE
            raise KeyboardInterrupt
