"""What a store is: it keeps bytes under keys, as a folder on a disk does, or a bucket.

A key is made of names with slashes between them and counts from the store's root; the root's own is empty. What stands
before a slash is called a folder, whether or not the store has folders: in a bucket it is the beginning of a key.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from enum import Enum, auto
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from importer.places.address import Address

Stamp = tuple[int | str, ...]
"""As long as it is equal, nobody has changed the object: of a file device, inode, size and time of change."""

_ABSENT: Final = {errno.ENOENT, errno.ENOTDIR, errno.EBADF, errno.ELOOP}
"""What the system says of paths behind which nothing is."""


class EntryKind(Enum):
    """What lies under a key."""

    FILE = auto()
    FOLDER = auto()
    LINK = auto()
    """Only in a listing: a symbolic link, be it to a file, a folder or nowhere."""
    OTHER = auto()
    """A pipe, a device, or what the system doesn't hand out."""


class Identity(NamedTuple):
    """By which a later run knows that an object is unchanged; what has no marks is never known again.

    Attributes:
        marks: of a file inode, size, and when its bytes and the file itself were changed; the device is left out, as
            it changes with each mount. Of an object in a bucket where it is, size, ETag and version.
        changed: when it was changed last, in nanoseconds since 1970; 0 where each change gives other marks.
    """

    marks: Stamp = ()
    changed: int = 0


class Status(NamedTuple):
    """What lies under a key, behind links as well.

    Attributes:
        kind: never LINK.
        size: in bytes, of a file.
        stamp: by which an object is known again.
        special: what it is when it is OTHER, in plain words.
        identity: by which a later run knows it again.
    """

    kind: EntryKind
    size: int
    stamp: Stamp
    special: str = ""
    identity: Identity = Identity()


class Listed(NamedTuple):
    """One entry of a folder.

    Attributes:
        name: its own, without the folder's key.
        kind: what it is, without a look behind links.
        status: what a store tells of it with the listing; None where that takes another question.
        reason: why it is OTHER, if the system refused to tell.
    """

    name: str
    kind: EntryKind
    status: Status | None = None
    reason: str = ""


class Opened(NamedTuple):
    """An object that is read: ``stream`` can seek, and ``stamp`` is that of the bytes it gives."""

    stream: BinaryIO
    stamp: Stamp


class Store(Protocol):
    """A place that can be read: a plain value, which other processes can open as well.

    What blobfix hasn't finished, or has set aside, is in no listing. All that reads raises OSError, and
    FileNotFoundError for what isn't there.
    """

    @property
    def name(self) -> str:
        """The root's own name; empty at the top."""
        ...

    def shown(self, key: str) -> str:
        """How people and scripts find an object: the place that they gave, and the key below it."""
        ...

    def address(self, key: str) -> Address:
        """Where an object's bytes are."""
        ...

    def list(self, folder: str) -> Iterator[Listed]:
        """The entries of a folder, in the store's own order; nothing for one that a store without folders lacks."""
        ...

    def stat(self, key: str) -> Status:
        """What lies under a key."""
        ...

    def open(self, key: str) -> Opened:
        """Open a regular object; anything else is an error, and never waited for."""
        ...

    def head(self, key: str, size: int) -> bytes:
        """The first bytes of a regular object, no more than ``size``."""
        ...

    def leads_out(self, key: str) -> bool:
        """Whether a link on the way to a key, or under it, leads out of the root; nothing need be there."""
        ...

    def real(self, key: str) -> str:
        """Where a folder really lies, behind links: equal for two keys exactly if they lead to the same folder."""
        ...

    def within(self, key: str) -> Store:
        """The folder as a store of its own, at the place where it really lies."""
        ...

    def parents(self) -> Iterator[Store]:
        """The folders above the root, the nearest first."""
        ...


def status_at(store: Store, key: str) -> Status | None:
    """What lies under a key; None when nothing does. Raises OSError when the store doesn't say."""
    try:
        return store.stat(key)
    except OSError as error:
        if error.errno in _ABSENT:
            return None
        raise


def kind_at(store: Store, key: str) -> EntryKind | None:
    """Which kind of thing lies under a key; None and OSError as for ``status_at``."""
    status = status_at(store, key)
    return status and status.kind


def opened_at(store: Store, key: str) -> Opened | None:
    """The object under a key, opened; None where none is. Raises OSError for one that can't be read."""
    try:
        return store.open(key)
    except OSError as error:
        if error.errno not in _ABSENT and kind_at(store, key) is EntryKind.FILE:
            raise
        return None


def is_below(inner: Store, outer: Store) -> bool:
    """Whether a place is another one, or lies in it, behind links as well."""
    real, above = inner.within(""), outer.within("")
    return real == above or above in real.parents()


def joined(*parts: str) -> str:
    """One key of several, of which some may be empty."""
    return "/".join(part for part in parts if part)
