"""Changes of a bucket: everything is uploaded out of sight, and takes its place under a condition.

There are no renames: what is moved or set aside is copied by the server, and then deleted. A kill between the two
leaves both, which the next run understands.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count, groupby
from typing import TYPE_CHECKING

from importer.errors import BlobfixError, OutputError
from importer.places.changes import SET_ASIDE, Job
from importer.places.cloud.connection import Meta
from importer.places.cloud.drafts import AT_ONCE, Draft, Drafts
from importer.places.cloud.lock import CloudLock, held
from importer.places.cloud.probe import demand_conditions
from importer.places.cloud.trouble import ObjectInTheWayError
from importer.places.store import Stamp, joined
from importer.places.unfinished import UNFINISHED_PREFIX

if TYPE_CHECKING:
    from importer.places.cloud.store import CloudStore


@contextmanager
def changing(store: CloudStore, job: Job) -> Iterator[CloudChanges]:
    """Hold the job's lock in the bucket; raises as ``WritableStore.changing`` says."""
    with refusals(store):
        ahead = demand_conditions(store)
        with held(store, f"{UNFINISHED_PREFIX}{job.name}.lock", job.busy, ahead) as lock:
            drafts = Drafts(store, f"{UNFINISHED_PREFIX}{job.name}")
            drafts.clear()
            try:
                yield CloudChanges(store, drafts, lock)
            finally:
                store.listing.forget()
                with suppress(OSError, BlobfixError):
                    drafts.clear()


def clear_up(store: CloudStore, job: Job) -> None:
    """Take away what a killed run of the job has left under ``.blobfix-``."""
    with refusals(store):
        lock, drafts = (store.full(f"{UNFINISHED_PREFIX}{job.name}{end}") for end in (".lock", ""))
        if store.meta_of(lock) or next(store.connection.pages(drafts, store.shown("")), None):
            with changing(store, job):
                pass


@contextmanager
def refusals(store: CloudStore) -> Iterator[None]:
    """Turn errors about one object into those that end a command."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{error.filename or store.shown('')}: can't be written: {error.strerror or error}"
        ) from error


class CloudChanges:
    """What is changed in one bucket, as ``Changes`` says."""

    def __init__(self, store: CloudStore, drafts: Drafts, lock: CloudLock) -> None:
        self._store = store
        self._connection = store.connection
        self._drafts = drafts
        self._lock = lock
        self._waiting: list[partial[None]] = []
        self._leaving: list[str] = []
        self._free: set[str] = set()
        self._way = threading.Lock()

    def put(self, key: str, blocks: Iterable[bytes], *, keeps_former: bool) -> None:
        """Upload the object out of sight."""
        self._ask_for(key, self._drafts.written(blocks), keeps_former=keeps_former)

    def copy(self, source: str, key: str, stamp: Stamp) -> None:
        """Have the server copy the object out of sight."""
        meta = self._store.meta_of(self._store.full(source))
        if meta is None or self._store.status(meta).stamp != stamp:
            raise ObjectInTheWayError(self._store.shown(source))
        self._ask_for(key, self._drafts.copied(meta), keeps_former=True)

    def remove(self, key: str) -> None:
        """Delete the object at the end."""
        self._leaving.append(self._store.full(key))

    def set_aside(self, key: str) -> None:
        """Copy and delete what is there."""
        self._waiting.append(partial(self._set_aside, self._store.full(key)))

    def make_folder(self, key: str) -> None:
        """Nothing: no folder can be empty here."""

    def move_folder(self, source: str, target: str) -> None:
        """Refused, as nothing is moved in one step here."""
        raise OutputError(
            f"{self._store.shown(source)}: a bucket can't move a folder; copy it to {self._store.shown(target)}"
        )

    def settle(self) -> None:
        """Complete what was asked for, in its order; then delete what is to leave."""
        waiting, self._waiting = self._waiting, []
        leaving, self._leaving = self._leaving, []
        for is_placing, changes in groupby(waiting, key=lambda change: change.func == self._place):
            if is_placing:
                self._do_at_once(list(changes))
            else:
                self._do_in_turn(changes)
        self._drafts.let_go()
        self._connection.delete(leaving, self._store.shown(""))
        self._store.listing.forget()

    def _do_in_turn(self, changes: Iterable[partial[None]]) -> None:
        for change in changes:
            self._lock.demand()
            change()

    def _do_at_once(self, changes: Sequence[partial[None]]) -> None:
        """Several at a time, each of another object; none is begun after one that failed."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            try:
                for done in [pool.submit(self._do_in_turn, [change]) for change in changes]:
                    done.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _ask_for(self, key: str, draft: Draft, *, keeps_former: bool) -> None:
        full = self._store.full(key)
        former = self._store.meta_of(full)
        self._waiting.append(partial(self._place, draft, full, former, keeps_former=keeps_former))

    def _place(self, draft: Draft, full: str, former: Meta | None, *, keeps_former: bool) -> None:
        if former and keeps_former:
            self._copy_aside(former)
        self._clear_the_way(full)
        self._drafts.place(draft, full, former)

    def _clear_the_way(self, full: str) -> None:
        """Set aside what would be a folder of that name, and objects with the names of folders above it."""
        self._set_below_aside(full)
        above = full.rpartition("/")[0]
        while len(above) > len(self._store.prefix) and above not in self._free:
            if self._store.meta_of(above):
                self._move_once_aside(above)
            self._free.add(above)
            above = above.rpartition("/")[0]

    def _move_once_aside(self, full: str) -> None:
        # What is placed at the same time may have found it in its way, too.
        with self._way:
            if meta := self._store.meta_of(full):
                self._move_aside(meta)

    def _set_aside(self, full: str) -> None:
        if meta := self._store.meta_of(full):
            self._move_aside(meta)
        else:
            self._set_below_aside(full)

    def _set_below_aside(self, full: str) -> None:
        for page in self._connection.pages(full, self._store.shown_full(full)):
            for meta in page:
                self._move_aside(meta)

    def _move_aside(self, meta: Meta) -> None:
        self._copy_aside(meta)
        self._connection.delete([meta.key], self._store.shown_full(meta.key))

    def _copy_aside(self, meta: Meta) -> None:
        """Copy it to a free key, and see that it was this that was copied."""
        shown = self._store.shown_full(meta.key)
        aside = self._store.full(joined(SET_ASIDE, meta.key[len(self._store.prefix) :].lstrip("/")))
        for number in count():
            with suppress(FileExistsError):
                self._connection.copy(meta, f"{aside}.{number}" if number else aside, shown, overwrite=False)
                break
        now = self._store.meta_of(meta.key)
        if now is None or (now.etag, now.size) != (meta.etag, meta.size):
            raise ObjectInTheWayError(shown)
