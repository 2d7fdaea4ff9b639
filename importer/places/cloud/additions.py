"""Additions to a bucket: uploaded out of sight, put under their keys by rank; conditions stand in for a lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Final

from importer.errors import BlobfixError, OutputError
from importer.places.additions import Rank, nothing
from importer.places.cloud.changes import refusals
from importer.places.cloud.drafts import AT_ONCE, CloudUpload, Draft, Drafts
from importer.places.cloud.probe import demand_conditions
from importer.places.cloud.trouble import ObjectInTheWayError
from importer.places.store import Stamp, status_at
from importer.places.unfinished import UNFINISHED_PREFIX

if TYPE_CHECKING:
    from importer.places.cloud.store import CloudStore

_RUNS: Final = f"{UNFINISHED_PREFIX}adding"
_DEAD_AFTER: Final = timedelta(days=1)
_TRIES: Final = 5


@contextmanager
def adding(store: CloudStore, rank: Rank) -> Iterator[CloudAdditions]:
    """Gather objects out of sight; raises as ``WritableStore.adding`` says."""
    with refusals(store):
        ahead = demand_conditions(store)
        with suppress(OSError, BlobfixError):
            _clear_after_dead_runs(store, ahead)
        drafts = Drafts(store, f"{_RUNS}/{os.urandom(8).hex()}")
        try:
            yield CloudAdditions(store, drafts, rank)
        finally:
            store.listing.forget()
            with suppress(OSError, BlobfixError):
                drafts.clear()


def _clear_after_dead_runs(store: CloudStore, ahead: timedelta) -> None:
    """Take away what killed runs have left: they have written nothing for a day, by the server's clock."""
    connection, shown = store.connection, store.shown("")
    for run in connection.folder(store.full(_RUNS), shown)[0]:
        drafts = Drafts(store, run.removeprefix(store.full("")).strip("/"))
        latest = drafts.latest()
        if latest and datetime.now(UTC) + ahead - connection.modified(latest.key, shown) > _DEAD_AFTER:
            drafts.clear()


@dataclass(frozen=True, slots=True)
class _Replacement:
    content: bytes
    former: Stamp | None


class CloudAdditions:
    """What is to be added to one bucket, as ``Additions`` says."""

    def __init__(self, store: CloudStore, drafts: Drafts, rank: Rank) -> None:
        self._store = store
        self._drafts = drafts
        self._rank = rank
        self._added: dict[str, Draft | _Replacement] = {}
        self._relied_upon: dict[str, None] = {}

    def begin(self, keys: Collection[str]) -> CloudUpload:  # noqa: ARG002 (the server copies it to its key)
        """Begin an upload."""
        return self._drafts.begin(self._add)

    def put(self, key: str, blocks: Iterable[bytes]) -> None:
        """Upload the object out of sight."""
        self._added.pop(key, None)
        self._add(key, self._drafts.written(blocks))

    def replace(self, key: str, content: bytes, former: Stamp | None) -> None:
        """Keep it until the end."""
        self._added[key] = _Replacement(content, former)

    def make_folder(self, key: str) -> None:
        """Nothing: no folder can be empty here."""

    def rely_on(self, key: str) -> None:
        """Remember the object."""
        self._relied_upon[key] = None

    def finish(self, merge: Callable[[], None] = nothing) -> None:
        """Put everything in its place, and again what depends on what somebody else has changed meanwhile."""
        gathered, relied_upon = dict(self._added), dict(self._relied_upon)
        for _ in range(_TRIES):
            self._added, self._relied_upon = dict(gathered), dict(relied_upon)
            merge()
            self._demand_relied_upon()
            if self._place_all():
                return
            self._store.listing.forget()
        raise OutputError(f"{self._store.shown('')}: other programs keep changing it; run the command again later")

    def _add(self, key: str, draft: Draft) -> None:
        self._added[key] = draft

    def _demand_relied_upon(self) -> None:
        for key in self._relied_upon:
            if status_at(self._store, key) is None:
                raise OutputError(
                    f"{self._store.shown(key)}: has disappeared; another program is changing this place. "
                    "Run the command again"
                )

    def _place_all(self) -> bool:
        ranked = sorted(self._added, key=self._rank)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return all(all(pool.map(self._place, keys)) for _, keys in groupby(ranked, key=self._rank))

    def _place(self, key: str) -> bool:
        """Put one object under its key; False if somebody else has put another one there."""
        added, full = self._added[key], self._store.full(key)
        if not isinstance(added, _Replacement):
            self._drafts.place(added, full, "any")
            return True
        there = self._store.meta_of(full)
        if (self._store.status(there).stamp if there else None) == added.former:
            with suppress(ObjectInTheWayError):
                self._drafts.place(added.content, full, there)
                return True
        with suppress(FileNotFoundError):
            return self._store.head(key, len(added.content) + 1) == added.content
        return False
