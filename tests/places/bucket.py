"""A bucket in memory, with the rules of those of a cloud: no folders, no second names, listings sorted by key."""

from __future__ import annotations

import errno
import io
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import ClassVar

from importer.errors import OutputError
from importer.places.additions import Rank, nothing
from importer.places.address import StoredObject
from importer.places.changes import SET_ASIDE, Job
from importer.places.durability import Durability
from importer.places.store import EntryKind, Identity, Listed, Opened, Stamp, Status, status_at
from importer.places.unfinished import UNFINISHED_PREFIX

_VERSIONS = count(1)


@dataclass(frozen=True)
class Version:
    """One object's bytes; each time that a key is written, it gets another tag."""

    content: bytes
    tag: str = field(default_factory=lambda: f"etag-{next(_VERSIONS)}")

    @property
    def status(self) -> Status:
        marks = self.tag, len(self.content)
        return Status(EntryKind.FILE, len(self.content), marks, identity=Identity(marks))


_BUCKETS: dict[str, dict[str, Version]] = {}
"""What is in each; a store is no more than the name of one, as it would be with a server."""


@dataclass(frozen=True)
class BucketStore:
    """The part of a bucket whose keys begin with a prefix."""

    bucket: str
    prefix: str = ""

    @classmethod
    def filled(cls, bucket: str, objects: dict[str, bytes]) -> BucketStore:
        """A new bucket of that name."""
        _BUCKETS[bucket] = {key: Version(content) for key, content in objects.items()}
        return cls(bucket)

    @classmethod
    def copied(cls, folder: Path, bucket: str = "copy") -> BucketStore:
        """A new bucket with the files of a folder; those that are empty are lost."""
        files = (path for path in sorted(folder.rglob("*")) if path.is_file())
        return cls.filled(bucket, {path.relative_to(folder).as_posix(): path.read_bytes() for path in files})

    @property
    def objects(self) -> dict[str, bytes]:
        """Everything in the bucket."""
        return {key: version.content for key, version in sorted(_BUCKETS[self.bucket].items())}

    @property
    def name(self) -> str:
        return self.prefix.rpartition("/")[2]

    def shown(self, key: str) -> str:
        return f"mem://{self.bucket}/{self.full(key)}".rstrip("/")

    def address(self, key: str) -> StoredObject:
        return StoredObject(self, key)

    def list(self, folder: str) -> Iterator[Listed]:
        above = self.full(folder) and f"{self.full(folder)}/"
        seen = set()
        for key, version in sorted(_BUCKETS[self.bucket].items()):
            name, slash, _ = key.removeprefix(above).partition("/")
            if not key.startswith(above) or not name or name.startswith(UNFINISHED_PREFIX):
                continue
            if not slash:
                yield Listed(name, EntryKind.FILE, version.status)
            elif name not in seen:
                seen.add(name)
                yield Listed(name, EntryKind.FOLDER)

    def stat(self, key: str) -> Status:
        full = self.full(key)
        if version := _BUCKETS[self.bucket].get(full):
            return version.status
        if not full or any(each.startswith(f"{full}/") for each in _BUCKETS[self.bucket]):
            return Status(EntryKind.FOLDER, 0, ())
        raise self._absent(key)

    def open(self, key: str) -> Opened:
        version = self._version(key)
        return Opened(io.BytesIO(version.content), version.status.stamp)

    def head(self, key: str, size: int) -> bytes:
        return self._version(key).content[:size]

    def leads_out(self, key: str) -> bool:
        return False

    def real(self, key: str) -> str:
        return self.full(key)

    def within(self, key: str) -> BucketStore:
        return BucketStore(self.bucket, self.full(key))

    def parents(self) -> Iterator[BucketStore]:
        above = self.prefix
        while above:
            above = above.rpartition("/")[0]
            yield BucketStore(self.bucket, above)

    @property
    def has_folders(self) -> bool:
        return False

    def has_space(self, size: int) -> bool:
        return True

    def demand_space(self, size: int) -> None:
        pass

    @contextmanager
    def adding(self, rank: Rank, durability: Durability) -> Iterator[BucketAdditions]:
        yield BucketAdditions(self, rank)

    @contextmanager
    def changing(self, job: Job, durability: Durability) -> Iterator[BucketChanges]:
        lock = self.full(f"{UNFINISHED_PREFIX}{job.name}.lock")
        if lock in _BUCKETS[self.bucket]:
            raise OutputError(f"{self.shown('')}: {job.busy}")
        _BUCKETS[self.bucket][lock] = Version(b"")
        try:
            yield BucketChanges(self)
        finally:
            del _BUCKETS[self.bucket][lock]

    def clear_up(self, job: Job) -> None:
        pass

    def full(self, key: str) -> str:
        return "/".join(part for part in (self.prefix, key) if part)

    def _version(self, key: str) -> Version:
        try:
            return _BUCKETS[self.bucket][self.full(key)]
        except KeyError:
            raise self._absent(key) from None

    def _absent(self, key: str) -> FileNotFoundError:
        return FileNotFoundError(errno.ENOENT, "no such object", self.shown(key))


class BucketChanges:
    """What a server can do: conditional puts, copies on its side, deletes; one after the other, and no renames.

    ``log`` remembers the writes in their order.
    """

    log: ClassVar[list[str]] = []

    def __init__(self, store: BucketStore) -> None:
        self._store = store
        self._objects = _BUCKETS[store.bucket]
        self._puts: list[tuple[str, bytes, Version | None, bool]] = []
        self._asides: list[str] = []
        self._removals: list[str] = []

    def put(self, key: str, blocks: Iterable[bytes], *, keeps_former: bool) -> None:
        # The parts of an upload, which is completed by settle if the object is then the one that it is now.
        full = self._store.full(key)
        self._puts.append((full, b"".join(blocks), self._objects.get(full), keeps_former))

    def copy(self, source: str, key: str, stamp: Stamp) -> None:
        stream, now = self._store.open(source)
        if now != stamp:
            raise OutputError(f"{self._store.shown(source)}: has changed")
        self.put(key, [stream.read()], keeps_former=True)

    def remove(self, key: str) -> None:
        self._removals.append(self._store.full(key))

    def set_aside(self, key: str) -> None:
        self._asides.append(self._store.full(key))

    def make_folder(self, key: str) -> None:
        raise AssertionError("a bucket has no folders")

    def move_folder(self, source: str, target: str) -> None:
        raise AssertionError("a bucket has no folders")

    def settle(self) -> None:
        for full, content, before, keeps_former in self._puts:
            if self._objects.get(full) is not before:
                raise OutputError(f"{full}: has changed")
            if before and keeps_former:
                self._write(self._aside(full), before.content)
            for each in [key for key in self._objects if key.startswith(f"{full}/") or full.startswith(f"{key}/")]:
                self._set_aside(each)
            self._write(full, content)
        for full in self._asides:
            below = [key for key in self._objects if key.startswith(f"{full}/")]
            for each in [full] if full in self._objects else below:
                self._set_aside(each)
        for full in self._removals:
            self._delete(full)
        self._puts, self._asides, self._removals = [], [], []

    def _set_aside(self, full: str) -> None:
        self._write(self._aside(full), self._objects[full].content)
        self._delete(full)

    def _aside(self, full: str) -> str:
        below = full.removeprefix(self._store.prefix).lstrip("/")
        aside = self._store.full(f"{SET_ASIDE}/{below}")
        return next(key for n in count() if (key := f"{aside}.{n}" if n else aside) not in self._objects)

    def _write(self, full: str, content: bytes) -> None:
        self._objects[full] = Version(content)
        self.log.append(full)

    def _delete(self, full: str) -> None:
        self._objects.pop(full, None)


class BucketUpload:
    """A multipart upload: it has a key from its beginning, and is no object before it is completed."""

    def __init__(self, keys: Collection[str], keep: Callable[[str, bytes], None]) -> None:
        self._keys = keys
        self._keep = keep
        self._parts: list[bytes] = []
        self._is_closed = False

    def write(self, block: memoryview | bytes) -> None:
        assert not self._is_closed
        self._parts.append(bytes(block))

    def close(self) -> None:
        self._is_closed = True

    def keep(self, key: str) -> None:
        assert self._is_closed
        assert key in self._keys
        self._keep(key, b"".join(self._parts))

    def drop(self) -> None:
        self._parts.clear()


@dataclass(frozen=True)
class _Replacement:
    content: bytes
    former: Stamp | None


class BucketAdditions:
    """What a server can do for those who add: uploads that are completed late, and conditional puts, but no lock.

    ``between`` is called before each put, as others may do something then.
    """

    between: ClassVar[Callable[[str], None]] = lambda _: None
    log: ClassVar[list[str]] = []

    def __init__(self, store: BucketStore, rank: Rank) -> None:
        self._store = store
        self._rank = rank
        self._added: dict[str, bytes | _Replacement] = {}
        self._relied_upon: set[str] = set()

    def begin(self, keys: Collection[str]) -> BucketUpload:
        return BucketUpload(keys, self._add)

    def put(self, key: str, blocks: Iterable[bytes]) -> None:
        self._added.pop(key, None)
        self._add(key, b"".join(blocks))

    def replace(self, key: str, content: bytes, former: Stamp | None) -> None:
        self._added[key] = _Replacement(content, former)

    def make_folder(self, key: str) -> None:
        raise AssertionError("a bucket has no folders")

    def rely_on(self, key: str) -> None:
        self._relied_upon.add(key)

    def finish(self, merge: Callable[[], None] = nothing) -> None:
        gathered, relied_upon = dict(self._added), set(self._relied_upon)
        for _ in range(5):
            self._added, self._relied_upon = dict(gathered), set(relied_upon)
            merge()
            if self._put_all():
                return
        raise OutputError(f"{self._store.shown('')}: other programs keep changing it")

    def _add(self, key: str, content: bytes) -> None:
        self._added[key] = content

    def _put_all(self) -> bool:
        for key in self._relied_upon:
            if status_at(self._store, key) is None:
                raise OutputError(f"{self._store.shown(key)}: has disappeared")
        for key in sorted(self._added, key=self._rank):
            type(self).between(key)
            if not self._put(self._store.full(key), self._added[key]):
                return False
        return True

    def _put(self, full: str, added: bytes | _Replacement) -> bool:
        objects = _BUCKETS[self._store.bucket]
        there = objects.get(full)
        if isinstance(added, _Replacement):
            if (there.status.stamp if there else None) != added.former:
                return bool(there and there.content == added.content)
            added = added.content
        objects[full] = Version(added)
        self.log.append(full)
        return True
