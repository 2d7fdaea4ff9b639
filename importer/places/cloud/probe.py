"""Whether a server does what changes of a bucket rely on: tried with a small object before the first change."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from importer.errors import OutputError
from importer.places.cloud.connection import Meta
from importer.places.cloud.trouble import ObjectChangedError
from importer.places.unfinished import UNFINISHED_PREFIX

if TYPE_CHECKING:
    from importer.places.cloud.store import CloudStore

_CONTENT: Final = b"blobfix"
_OTHER: Final = Meta("", 0, "0" * 32, "0")


def demand_conditions(store: CloudStore) -> timedelta:
    """How far the server's clock is ahead of this machine's; asked once for each place.

    Raises OutputError for a server that would let two writers overwrite each other's objects.
    """
    return _probed(store)


@lru_cache(maxsize=32)
def _probed(store: CloudStore) -> timedelta:
    name = store.full(f"{UNFINISHED_PREFIX}probe-{os.urandom(8).hex()}")
    names = [name, f"{name}-copy"]
    connection, shown = store.connection, store.shown("")
    # A server may make a bucket of any name that is written to.
    next(connection.pages(store.prefix, shown), None)
    before = datetime.now(UTC)
    try:
        meta = connection.put(name, shown, _CONTENT, None)
        ahead = connection.modified(name, shown) - before
        tried: list[tuple[str, Callable[[], object]]] = [
            ("If-None-Match: *", lambda: connection.put(name, shown, _CONTENT, None)),
            ("If-Match", lambda: connection.put(name, shown, _CONTENT, _OTHER._replace(key=name))),
        ]
        ignored = [condition for condition, put in tried if not _is_refused(put)]
        if ignored:
            raise _refusal(store, f"the server ignores conditions ({', '.join(ignored)})")
        if bytes(connection.piece(name, shown, 1, 3).content) != _CONTENT[1:4] or not connection.has_ranges:
            raise _refusal(store, "the server answers with the whole object where a part was asked for")
        connection.copy(meta, names[1], shown, overwrite=False)
        if not _is_refused(lambda: connection.copy(meta, names[1], shown, overwrite=False)):
            raise _refusal(store, "the server copies over an object that is there")
        return ahead
    finally:
        with suppress(OSError):
            connection.delete(names, shown)


def _is_refused(put: Callable[[], object]) -> bool:
    try:
        put()
    except (FileExistsError, ObjectChangedError, FileNotFoundError):
        return True
    return False


def _refusal(store: CloudStore, reason: str) -> OutputError:
    return OutputError(
        f"{store.shown('')}: {reason}, so somebody else's changes could be lost; nothing was changed. "
        "Work on a copy in a folder; docs/buckets.md says how"
    )
