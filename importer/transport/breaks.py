"""Seeing a system in the breaks: a limit of bytes or of time, that smaller requests stay below.

Reverse proxies have both: nginx ends a response at ``proxy_max_temp_file_size`` (1 GiB unless it
is set), and time limits of gateways end it after so many seconds, whatever is still to come.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

SMALLEST_RANGE: Final = 1 << 16
_SAME_BYTES: Final = 1 << 16
_SAME_SHARE: Final = 0.02
_SHORTEST_LIMIT: Final = 1.0
_SAME_SECONDS: Final = 0.25
_TIMES_FOR_TIME: Final = 3


@dataclass(frozen=True, slots=True)
class Break:
    """One response that ended early: after how many bytes and seconds."""

    received: int
    elapsed: float


class RangeLimit:
    """How much to ask for at once; shared by all transfers with one server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._length: int | None = None

    @property
    def length(self) -> int | None:
        """Bytes; None: everything at once."""
        return self._length

    def lower(self, length: int) -> bool:
        """Ask for at most ``length`` bytes from now on; tells whether that is news."""
        length = max(SMALLEST_RANGE, length - length % SMALLEST_RANGE)
        with self._lock:
            if self._length is not None and self._length <= length:
                return False
            self._length = length
            return True


class BreakPattern:
    """The breaks of one transfer, one after the other."""

    def __init__(self, limit: RangeLimit) -> None:
        self._limit = limit
        self._breaks: list[Break] = []

    def note(self, happened: Break) -> str | None:
        """Add a break; when it makes a pattern, lower the limit and say so in words."""
        self._breaks.append(happened)
        found = self._same_bytes() or self._same_time()
        if found is None:
            return None
        description, length = found
        if not self._limit.lower(length):
            return None
        self._breaks.clear()
        return f"{description}; continuing in ranges of {self._limit.length:,} bytes"

    def _same_bytes(self) -> tuple[str, int] | None:
        last = [each.received for each in self._breaks[-2:]]
        if len(last) < 2 or min(last) <= SMALLEST_RANGE:
            return None
        spread = max(last) - min(last)
        if spread > min(_SAME_BYTES, _SAME_SHARE * max(last)):
            return None
        return f"every response ends after about {max(last):,} bytes", min(last) * 9 // 10

    def _same_time(self) -> tuple[str, int] | None:
        last = self._breaks[-_TIMES_FOR_TIME:]
        times = [each.elapsed for each in last]
        if len(last) < _TIMES_FOR_TIME or min(times) < _SHORTEST_LIMIT:
            return None
        if max(times) - min(times) > max(_SAME_SECONDS, _SAME_SHARE * max(times)):
            return None
        length = min(each.received for each in last) * 6 // 10
        return f"every response ends after {max(times):.1f} seconds", length
