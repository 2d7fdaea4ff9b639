"""Connections that no client can hold for nothing.

uvicorn limits their number, and waits without end for a request that was begun: a hundred half requests would lock
everybody out. Here a request's head has a time limit, so has a client that doesn't read its answer, and when many
connections wait, the one that has waited longest makes room.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

SECONDS_FOR_HEAD: Final = 10.0
"""How long a client may take over the head of a request, from its connection or its first byte on."""

SECONDS_UNREAD: Final = 60.0
"""How long a client may leave an answer unread."""

MOST_WAITING: Final = 64
"""Connections that may be open without a request."""

MOST_CONNECTIONS: Final = 200
"""Connections in all; each holds half a MiB of a blob at most."""


class LimitedConnection(H11Protocol):
    """One connection, with uvicorn's own behaviour in all else."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head_limit: asyncio.TimerHandle | None = None
        self._reading_limit: asyncio.TimerHandle | None = None
        self.waiting_since = self.loop.time()

    @property
    def waits_for_request(self) -> bool:
        """Whether nothing is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Make room for the connection, and give its first request a time."""
        super().connection_made(transport)
        self._expect_head()
        waiting = [each for each in self.connections if isinstance(each, LimitedConnection) and each.waits_for_request]
        if len(waiting) > MOST_WAITING:
            min(waiting, key=lambda each: each.waiting_since).break_off()

    def data_received(self, data: bytes) -> None:
        """Take a part of a request; the time for its head runs from its first byte."""
        super().data_received(data)
        if not self.waits_for_request:
            self._stop_limits()
        elif self._head_limit is None:
            self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the limits."""
        self._stop_limits()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client doesn't read; it may leave it at that for a while."""
        super().pause_writing()
        self._reading_limit = self.loop.call_later(SECONDS_UNREAD, self.break_off)

    def resume_writing(self) -> None:
        """It reads again."""
        self._stop_limits()
        super().resume_writing()

    def break_off(self) -> None:
        """Close the connection at once, whatever is still to be sent."""
        self.connections.discard(self)
        self.transport.abort()

    def _expect_head(self) -> None:
        self.waiting_since = self.loop.time()
        self._head_limit = self.loop.call_later(SECONDS_FOR_HEAD, self.break_off)

    def _stop_limits(self) -> None:
        for limit in (self._head_limit, self._reading_limit):
            if limit:
                limit.cancel()
        self._head_limit = self._reading_limit = None
