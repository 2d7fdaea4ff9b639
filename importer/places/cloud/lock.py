"""A lock in a bucket: an object that only one can create, with its owner in it, written anew as long as he lives.

No server knows that a client has died. So the owner writes the lock again each minute, and one that nobody has written
for a quarter of an hour, by the server's own clock, is taken over. Conditions guard every write besides; the lock
keeps two repairs from working against each other, not from overwriting.
"""

from __future__ import annotations

import json
import os
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from importer.errors import BlobfixError, OutputError
from importer.places.cloud.connection import Meta
from importer.places.cloud.trouble import ObjectChangedError

if TYPE_CHECKING:
    from importer.places.cloud.store import CloudStore

_EVERY: Final = timedelta(minutes=1)
_DEAD_AFTER: Final = timedelta(minutes=15)


class CloudLock:
    """One that is held."""

    def __init__(self, store: CloudStore, key: str, meta: Meta) -> None:
        self._store = store
        self._key = key
        self._meta = meta
        self._count = 0
        self._ended = threading.Event()
        self._is_lost = False

    def demand(self) -> None:
        """Raise OutputError when somebody else has taken it over."""
        if self._is_lost:
            raise OutputError(
                f"{self._store.shown(self._key)}: another program has taken over; nothing more is changed"
            )

    def renew_until_ended(self) -> None:
        """Write it again and again."""
        while not self._ended.wait(_EVERY.total_seconds()):
            self._count += 1
            full, shown = self._store.full(self._key), self._store.shown(self._key)
            try:
                self._meta = self._store.connection.put(full, shown, _content(self._count), self._meta)
            except (ObjectChangedError, FileNotFoundError):
                self._is_lost = True
                return
            except (OSError, BlobfixError):
                # The next time, or by the next request of the work itself, it is told.
                continue

    def release(self) -> None:
        """Let others have it."""
        self._ended.set()
        full, shown = self._store.full(self._key), self._store.shown(self._key)
        if not self._is_lost:
            with suppress(OSError, BlobfixError):
                self._store.connection.delete([full], shown)


@contextmanager
def held(store: CloudStore, key: str, busy: str, ahead: timedelta) -> Iterator[CloudLock]:
    """Hold the lock; OutputError with ``busy`` when somebody else does. ``ahead`` is the server's clock's lead."""
    lock = CloudLock(store, key, _taken(store, key, busy, ahead))
    threading.Thread(target=lock.renew_until_ended, daemon=True).start()
    try:
        yield lock
    finally:
        lock.release()


def _taken(store: CloudStore, key: str, busy: str, ahead: timedelta) -> Meta:
    full, shown, connection = store.full(key), store.shown(key), store.connection
    with suppress(FileExistsError):
        return connection.put(full, shown, _content(0), None)
    try:
        there = connection.meta(full, shown)
        age = datetime.now(UTC) + ahead - connection.modified(full, shown)
        if age > _DEAD_AFTER:
            return connection.put(full, shown, _content(0), there)
        owner = store.head(key, 200).decode(errors="replace")
    except (ObjectChangedError, FileNotFoundError):
        age, owner = timedelta(), "unknown"
    raise OutputError(
        f"{store.shown('')}: {busy} ({owner}, {age.total_seconds():.0f} s ago). A run that was killed gives up its "
        f"lock after {_DEAD_AFTER.total_seconds() / 60:.0f} minutes; it is {shown}"
    )


def _content(count: int) -> bytes:
    owner = {"host": platform.node(), "process": os.getpid(), "renewed": count}
    return json.dumps(owner).encode()
