"""Small objects are fetched with their neighbours: whoever walks through a registry reads one link after the other.

A request takes some milliseconds wherever the server is, and a walk reads one link at a time, so that a registry of
300,000 links would take its time from waiting alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Final

from importer.places.cloud.connection import Connection, Piece
from importer.places.cloud.listing import SMALL, Listing

_AT_ONCE: Final = 16
"""Requests that wait for the server at a time."""

_MOST: Final = 4096
"""Small objects that wait for whoever reads them."""


class Neighbours:
    """Fetches what lies beside the small objects that are read; may be used by several threads."""

    def __init__(self, connection: Connection, listing: Listing) -> None:
        self._connection = connection
        self._listing = listing
        self._pool = ThreadPoolExecutor(_AT_ONCE)
        self._lock = threading.Lock()
        self._fetched: dict[str, Future[Piece]] = {}
        listing.on_forgotten = self._forget

    def piece(self, full: str, shown: Callable[[str], str]) -> Piece | None:
        """A small object that was listed just now, and not read since; None for any other.

        Args:
            full: its key in the bucket.
            shown: gives the URL of a key.
        """
        with self._lock:
            if full not in self._fetched:
                near = self._listing.near(full)
                if len(self._fetched) + len(near) > _MOST:
                    self._fetched.clear()
                for meta in near:
                    fetch = partial(self._connection.piece, meta.key, shown(meta.key), 0, SMALL)
                    self._fetched[meta.key] = self._pool.submit(fetch)
            fetched = self._fetched.pop(full, None)
        return fetched.result() if fetched else None

    def _forget(self) -> None:
        with self._lock:
            self._fetched.clear()
