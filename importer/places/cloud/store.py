"""A bucket, or a part of it, as a store."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import BinaryIO, Final, cast

from importer.errors import UsageError
from importer.places.additions import Additions, Rank
from importer.places.address import StoredObject
from importer.places.changes import Changes, Job
from importer.places.cloud import additions, changes
from importer.places.cloud.connection import Connection, Location, Meta, connection_to
from importer.places.cloud.listing import SMALL, Listing
from importer.places.cloud.neighbours import Neighbours
from importer.places.cloud.reading import FIRST, ObjectStream
from importer.places.cloud.trouble import CloudError
from importer.places.durability import Durability
from importer.places.store import EntryKind, Identity, Listed, Opened, Stamp, Status, joined
from importer.places.unfinished import UNFINISHED_PREFIX

_ENDPOINT: Final = re.compile(r"https?://[^\s\x00-\x20\x7f@?#]+")
_SIGNED: Final = re.compile(r"[?&](sig|signature|x-amz-[a-z-]+|x-goog-[a-z-]+|awsaccesskeyid|googleaccessid)=", re.I)
"""The query of a presigned URL or of one with a shared access signature."""

_ENDPOINTS: Final = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "gs": (),
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
}


@dataclass(frozen=True, slots=True)
class CloudStore:
    """The objects of a bucket whose keys begin with a prefix; credentials come from the environment where it is read.

    Attributes:
        scheme: s3, gs or az.
        bucket: its name; with Azure the container's.
        prefix: without slashes around it.
        endpoint: the server's URL, or empty for the provider's own.
    """

    scheme: str
    bucket: str
    prefix: str = ""
    endpoint: str = ""
    _kept: list[Connection] = field(default_factory=list, init=False, repr=False, compare=False)

    def __reduce__(self) -> tuple[type[CloudStore], tuple[str, ...]]:
        # Who gets a copy makes a connection of his own.
        return CloudStore, (self.scheme, self.bucket, self.prefix, self.endpoint)

    @property
    def connection(self) -> Connection:
        """The process's connection to the bucket."""
        if not self._kept:
            self._kept.append(connection_to(Location(self.scheme, self.bucket, self.endpoint)))
        return self._kept[0]

    @property
    def listing(self) -> Listing:
        """What the process remembers of listings."""
        return _listing_of(self.connection)

    @property
    def neighbours(self) -> Neighbours:
        """What the process has fetched beside what was read."""
        return _neighbours_of(self.connection)

    @property
    def name(self) -> str:
        """The prefix's last part."""
        return self.prefix.rpartition("/")[2]

    def shown(self, key: str) -> str:
        """The URL."""
        return f"{self.scheme}://{joined(self.bucket, self.prefix, key)}"

    def address(self, key: str) -> StoredObject:
        """The object."""
        return StoredObject(self, key)

    def list(self, folder: str) -> Iterator[Listed]:
        """The entries of a folder; a prefix is one."""
        for below in self.listing.folder(self.full(folder), self.shown(folder)):
            if below.name.startswith(UNFINISHED_PREFIX):
                continue
            if below.meta:
                yield Listed(below.name, EntryKind.FILE, self.status(below.meta))
            else:
                yield Listed(below.name, EntryKind.FOLDER)

    def stat(self, key: str) -> Status:
        """What lies there; an object comes before a prefix of the same name."""
        full, shown = self.full(key), self.shown(key)
        try:
            if full:
                return self.status(self.connection.meta(full, shown))
        except FileNotFoundError:
            pass
        except CloudError:
            # The answer to HEAD doesn't say whether it is the object or the credentials; that to a listing does.
            next(iter(self.connection.pages(full, shown)), None)
            raise
        if next(iter(self.connection.pages(full, shown)), None) or not full:
            return Status(EntryKind.FOLDER, 0, ())
        raise FileNotFoundError(errno.ENOENT, "no such object", shown)

    def open(self, key: str) -> Opened:
        """Open an object; its first megabyte is read at once."""
        connection, shown = self.connection, self.shown(key)
        first = connection.piece(self.full(key), shown, 0, FIRST)
        stream = cast("BinaryIO", ObjectStream(connection, shown, first))
        return Opened(stream, self.status(first.meta).stamp)

    def head(self, key: str, size: int) -> bytes:
        """The first bytes, in one request; of small objects that were listed just now, many at a time."""
        full = self.full(key)
        piece = self.neighbours.piece(full, self.shown_full)
        if piece is None or piece.meta.size > SMALL:
            piece = self.connection.piece(full, self.shown(key), 0, max(size, 1))
        return bytes(piece.content[:size])

    def leads_out(self, key: str) -> bool:  # noqa: ARG002 (as Store has it)
        """Never: there are no links."""
        return False

    def real(self, key: str) -> str:
        """The URL."""
        return self.shown(key)

    def within(self, key: str) -> CloudStore:
        """The objects below a prefix."""
        return self._at(self.full(key))

    def parents(self) -> Iterator[CloudStore]:
        """The prefixes above, up to the bucket itself."""
        above = self.prefix
        while above:
            above = above.rpartition("/")[0]
            yield self._at(above)

    @property
    def has_folders(self) -> bool:
        """No: a folder is the beginning of a key."""
        return False

    def has_space(self, size: int) -> bool:  # noqa: ARG002 (as WritableStore has it)
        """Always."""
        return True

    def demand_space(self, size: int) -> None:
        """Nothing: a bucket takes what comes."""

    def adding(self, rank: Rank, durability: Durability) -> AbstractContextManager[Additions]:  # noqa: ARG002
        """Add objects; what a server has confirmed is durable."""
        return additions.adding(self, rank)

    def changing(self, job: Job, durability: Durability) -> AbstractContextManager[Changes]:  # noqa: ARG002
        """Change objects; what a server has confirmed is durable."""
        return changes.changing(self, job)

    def clear_up(self, job: Job) -> None:
        """Take away what a killed run of the job has left."""
        changes.clear_up(self, job)

    def meta_of(self, full: str) -> Meta | None:
        """What has a key of the bucket; None where nothing has."""
        try:
            return self.connection.meta(full, self.shown_full(full))
        except FileNotFoundError:
            return None

    def shown_full(self, full: str) -> str:
        """The URL of a key of the bucket."""
        return f"{self.scheme}://{joined(self.bucket, full)}"

    def full(self, key: str) -> str:
        """The key in the bucket."""
        return joined(self.prefix, key)

    def status(self, meta: Meta) -> Status:
        """What is known of an object: the ETag is another one when its bytes are."""
        # Without the version: listings don't have it, and what is the same by its ETag need not be read again.
        stamp: Stamp = (self.endpoint, self.bucket, meta.key, meta.etag, meta.size)
        return Status(EntryKind.FILE, meta.size, stamp, identity=Identity(stamp) if meta.etag else Identity())

    def _at(self, prefix: str) -> CloudStore:
        return CloudStore(self.scheme, self.bucket, prefix, self.endpoint)


@lru_cache(maxsize=32)
def _listing_of(connection: Connection) -> Listing:
    return Listing(connection)


def cloud_store_of(url: str, environment: Mapping[str, str] = os.environ) -> CloudStore:
    """The place of ``s3://bucket/prefix``, ``gs://…`` or ``az://container/…``; nothing is asked of a server yet.

    Raises UsageError for what is no such URL.
    """
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()
    bucket, _, path = rest.partition("/")
    if _SIGNED.search(url):
        raise UsageError(f"{scheme}://…: a bucket's URL has no signature in it; set credentials in the environment")
    if "@" in bucket or ":" in bucket:
        raise UsageError(
            f"{scheme}://…: a bucket's URL has no login or host in it; set credentials and endpoint in the environment"
        )
    if scheme not in _ENDPOINTS or not bucket:
        raise UsageError(
            f"{url}: no bucket's URL; write s3://bucket/prefix, gs://bucket/prefix or az://container/prefix"
        )
    parts = [part for part in path.split("/") if part]
    if re.search(r"[\x00-\x1f\x7f]", url):
        raise UsageError(f"{scheme}://…: has a control character in it, such as the end of a line; name it without")
    if {".", ".."} & set(parts):
        raise UsageError(f"{url}: a key can't have . or .. as a part")
    return CloudStore(scheme, bucket, "/".join(parts), _endpoint(scheme, environment))


def _endpoint(scheme: str, environment: Mapping[str, str]) -> str:
    name = next((name for name in _ENDPOINTS[scheme] if name in environment), None)
    if name is None:
        account = environment.get("AZURE_STORAGE_ACCOUNT_NAME") if scheme == "az" else None
        return f"https://{account}.blob.core.windows.net" if account else ""
    endpoint = environment[name].rstrip("/")
    if not _ENDPOINT.fullmatch(endpoint):
        raise UsageError(
            f"{name}: must be unset, or a URL such as https://s3.example.com without login, query and fragment"
        )
    return endpoint


@lru_cache(maxsize=32)
def _neighbours_of(connection: Connection) -> Neighbours:
    return Neighbours(connection, _listing_of(connection))
