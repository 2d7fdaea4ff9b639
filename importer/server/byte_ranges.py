"""The Range header, as a server takes it.

Source: RFC 9110 §14.1.2 (byte ranges), §14.2 (a server may ignore what it doesn't want to honour).
"""

from __future__ import annotations

import re
from typing import Final

_SINGLE: Final = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))", re.IGNORECASE)


class UnsatisfiableRangeError(Exception):
    """The range lies behind the end."""


def wanted_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The bytes that are wanted, from the first to before the last; None for all of them.

    Several ranges at once, and what isn't a range, count as none. Raises UnsatisfiableRangeError.
    """
    match = _SINGLE.fullmatch((header or "").strip())
    if not match:
        return None
    if match[3]:
        length = int(match[3])
        if not length or not size:
            raise UnsatisfiableRangeError
        return max(0, size - length), size
    start, stop = int(match[1]), min(int(match[2]) + 1, size) if match[2] else size
    if match[2] and int(match[2]) < start:
        return None
    if start >= size:
        raise UnsatisfiableRangeError
    return start, stop
