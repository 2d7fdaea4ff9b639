"""A bucket in memory, with the rules of those of a cloud: no folders, no second names, listings sorted by key."""

from __future__ import annotations

import errno
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from importer.places.address import StoredObject
from importer.places.store import EntryKind, Listed, Opened, Status
from importer.places.unfinished import UNFINISHED_PREFIX

_VERSIONS = count(1)


@dataclass(frozen=True)
class Version:
    """One object's bytes; each time that a key is written, it gets another tag."""

    content: bytes
    tag: str = field(default_factory=lambda: f"etag-{next(_VERSIONS)}")

    @property
    def status(self) -> Status:
        return Status(EntryKind.FILE, len(self.content), (self.tag, len(self.content)))


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

    def full(self, key: str) -> str:
        return "/".join(part for part in (self.prefix, key) if part)

    def _version(self, key: str) -> Version:
        try:
            return _BUCKETS[self.bucket][self.full(key)]
        except KeyError:
            raise self._absent(key) from None

    def _absent(self, key: str) -> FileNotFoundError:
        return FileNotFoundError(errno.ENOENT, "no such object", self.shown(key))
