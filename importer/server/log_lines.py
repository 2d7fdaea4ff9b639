"""What the server's log says: a line for each failure, and nothing of what clients do every day."""

from __future__ import annotations

import logging
from typing import Final

_EVERYDAY: Final = "Invalid HTTP request received."
"""docker tries TLS first, and plain http when that is refused."""


class OneLine(logging.Filter):
    """Leaves traces of the program out: a client that breaks off or sends nonsense is the usual cause."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten a record; False for one that nobody needs."""
        if record.getMessage() == _EVERYDAY:
            return False
        error = record.exc_info[1] if record.exc_info else None
        if error:
            record.msg, record.args = f"a request failed: {type(error).__name__}: {error}", ()
            record.exc_info = None
        return True
