"""Ranges: what is asked for, and whether what comes is that.

Source: RFC 9110 §14.2 (Range), §14.4 (Content-Range), §15.3.7 (206), §15.5.17 (416).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from importer.transport.header_values import whole_number

_CONTENT_RANGE: Final = re.compile(r"bytes\s+([0-9]+)-([0-9]+)/([0-9]+|\*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ContentRange:
    """The bytes that a 206 says it holds, the last one included; ``total`` is the whole's size when it is said."""

    first: int
    last: int
    total: int | None

    @classmethod
    def parse(cls, header: str | None) -> ContentRange | None:
        """Read the header; None when it isn't there or says nothing that makes sense."""
        match = _CONTENT_RANGE.fullmatch((header or "").strip())
        if not match:
            return None
        first, last = whole_number(match[1]), whole_number(match[2])
        total = whole_number(match[3])
        if first is None or last is None or last < first:
            return None
        if match[3] != "*" and (total is None or last >= total):
            return None
        return cls(first, last, total)


def range_header(start: int, stop: int | None) -> dict[str, str]:
    """The header that asks for the bytes from ``start`` to before ``stop``; none when all are wanted."""
    if not start and stop is None:
        return {}
    return {"Range": f"bytes={start}-{'' if stop is None else stop - 1}"}
