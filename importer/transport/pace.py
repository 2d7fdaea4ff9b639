"""Whether a server sends fast enough to be waited for.

A limit of silence alone is no limit: a byte a minute keeps a connection open for ever.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from importer.transport.retry import PassingFailure

SLOWEST: Final = 1 << 10
"""Bytes a second below which a connection counts as broken: no line that people work with is slower."""

SPAN: Final = 60.0
"""Seconds of waiting over which the rate is taken."""


class Pace:
    """Measures one body; only the time that is spent waiting for the server counts, not that of writing to a disk."""

    def __init__(self, host: str, now: Callable[[], float]) -> None:
        self._host = host
        self._now = now
        self._waited = 0.0
        self._received = 0

    def timed(self, read: Callable[[], bytes]) -> bytes:
        """Read once; raises PassingFailure when a minute of it has brought less than it must."""
        started = self._now()
        block = read()
        self._waited += self._now() - started
        self._received += len(block)
        if self._waited >= SPAN:
            self._check()
            self._waited, self._received = 0.0, 0
        return block

    def _check(self) -> None:
        if self._received < SLOWEST * self._waited:
            raise PassingFailure(
                f"{self._host} sent {self._received:,} bytes in {self._waited:.0f} s, "
                f"fewer than {SLOWEST:,} bytes a second"
            )


@contextmanager
def cut_off_after(seconds: float, connection: socket.socket) -> Iterator[None]:
    """Break a connection off that is still in use then: a blocking read ends as if the server had closed it.

    For what can't be read piece by piece, as the head of an answer.
    """
    timer = threading.Timer(seconds, _shut, [connection])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _shut(connection: socket.socket) -> None:
    try:
        # Not that of an SSLSocket, which takes the TLS state away from under the thread that reads.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
    except OSError:
        return
