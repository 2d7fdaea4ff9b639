"""What serve's log says of clients that send nonsense."""

from __future__ import annotations

import logging
import sys

from importer.server.log_lines import OneLine


def test_a_trace_becomes_a_line() -> None:
    try:
        raise RuntimeError("can't handle event")
    except RuntimeError:
        record = logging.LogRecord("uvicorn.error", logging.ERROR, "", 0, "Exception in %s", ("x",), sys.exc_info())
    assert OneLine().filter(record)
    assert logging.Formatter("%(message)s").format(record) == "a request failed: RuntimeError: can't handle event"


def test_what_docker_does_at_each_pull_is_not_told() -> None:
    record = logging.LogRecord("uvicorn.error", logging.WARNING, "", 0, "Invalid HTTP request received.", (), None)
    assert not OneLine().filter(record)
