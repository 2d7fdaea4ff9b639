"""Time and chance, so that tests can hold them still."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Timing:
    """Where time and chance come from.

    Attributes:
        now: seconds of a clock that never goes back.
        wall: seconds since 1970, for dates that servers send.
        sleep: waits so many seconds.
        chance: a number from 0 up to 1.
    """

    now: Callable[[], float]
    wall: Callable[[], float]
    sleep: Callable[[float], None]
    chance: Callable[[], float]


SYSTEM_TIMING: Final = Timing(time.monotonic, time.time, time.sleep, random.random)
"""The machine's own."""
