"""Numbers, dates and tokens from HTTP headers and from the answers of token servers, held to their ranges.

Whatever a server sends is read here and nowhere else, so that a number of 5,000 digits or a date in the year 99999 is
"no such value" and not a surprise in the middle of a download. Sources: RFC 9110 §8.6 (Content-Length), §5.6.7
(dates), §10.2.3 (Retry-After); RFC 6750 §2.1 (what a token consists of).
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import Any, Final

_NUMBER: Final = re.compile(r"0*([0-9]{1,18})", re.ASCII)
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")
_LONGEST_LIFE: Final = 10 * 365 * 86_400.0
"""Seconds that a token is taken to live at most; GitLab and others say 0 or a huge number for "for ever"."""


def whole_number(text: str | None) -> int | None:
    """A number of bytes or of seconds below 10^18; None for anything else.

    >>> whole_number("0012"), whole_number("1e3"), whole_number("9" * 5000)
    (12, None, None)
    """
    match = _NUMBER.fullmatch((text or "").strip())
    return int(match[1]) if match else None


def seconds_since_1970(text: str) -> float | None:
    """A date in any of HTTP's forms; None for what is none, or lies outside of the calendar."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None


def token(value: Any) -> str | None:
    """A token as it can stand in a header: visible ASCII; None for anything else."""
    return value if isinstance(value, str) and _TOKEN.fullmatch(value) else None


def lifetime(value: Any, shortest: float) -> float:
    """For how many seconds a token is good: ``shortest`` where the server says less or nothing.

    Raises ValueError for what is no number.
    """
    if isinstance(value, str):
        value = whole_number(value)
        if value is None:
            raise ValueError("expires_in isn't a number of seconds")
    if isinstance(value, bool) or not isinstance(value, int | float | None):
        raise ValueError("expires_in isn't a number of seconds")
    return float(min(max(value or 0, shortest), _LONGEST_LIFE))
