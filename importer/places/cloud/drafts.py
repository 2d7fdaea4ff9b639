"""What is written to a bucket before it may be seen: small objects wait here, large ones below ``.blobfix-``.

A multipart upload can't be left open for long by the thousand, so each is completed, once its bytes are proven, under
a key of its own, from which the server copies it to its place.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Final, Literal

from importer.errors import BlobfixError
from importer.places.cloud.connection import PART, Connection, Meta, aside
from importer.places.cloud.trouble import ObjectChangedError, ObjectInTheWayError

if TYPE_CHECKING:
    from importer.places.cloud.store import CloudStore

AT_ONCE: Final = 8
"""Requests that wait for the server at a time, where objects take their places."""

_MOST_KEPT: Final = 64 << 20
"""Bytes of small objects that wait here; more of them are written below ``.blobfix-`` as well."""

_WAIT: Final = 0.2

Draft = bytes | Meta
"""An object's bytes, or what has them below ``.blobfix-``."""


class _DroppedError(Exception):
    """Nobody wants the upload any more; obstore aborts it for that."""


class CloudUpload:
    """One object that is being written, as ``Upload`` says; ``keep`` is told of it when it is whole."""

    def __init__(self, drafts: Drafts, keep: Callable[[str, Draft], None]) -> None:
        self._drafts = drafts
        self._keep = keep
        self._part = bytearray()
        self._parts: queue.Queue[bytes | None] = queue.Queue(maxsize=1)
        self._sending: Future[None] | None = None
        self._is_dropped = False
        self._draft: Draft = b""
        self._size = 0

    def write(self, block: memoryview | bytes) -> None:
        """Add to the part, and send it when it is full."""
        self._part += block
        self._size += len(block)
        if len(self._part) >= PART:
            self._send()

    def close(self) -> None:
        """Complete the upload."""
        if self._sending is None and self._drafts.may_keep(self._size):
            self._draft = bytes(self._part)
        else:
            self._send()
            self._hand_over(None)
            if self._sending:
                self._sending.result()
            self._draft = self._drafts.meta(self._name)
        self._part.clear()

    def keep(self, key: str) -> None:
        """Give it its key."""
        self._keep(key, self._draft)

    def drop(self) -> None:
        """Abort the upload, if it has begun."""
        self._is_dropped = True
        self._part.clear()
        if self._sending and not self._sending.done():
            with suppress(BlobfixError, OSError, _DroppedError):
                self._hand_over(None)
                self._sending.result()

    @property
    def draft(self) -> Draft:
        """What was written, when it is closed."""
        return self._draft

    def _send(self) -> None:
        if self._sending is None:
            self._name = self._drafts.new_name()
            self._sending = aside(lambda: self._drafts.upload(self._name, self._each()))
        if self._part:
            self._hand_over(bytes(self._part))
            self._part.clear()

    def _hand_over(self, part: bytes | None) -> None:
        while self._sending:
            with suppress(queue.Full):
                self._parts.put(part, timeout=_WAIT)
                return
            if self._sending.done():
                self._sending.result()
                return

    def _each(self) -> Iterator[bytes]:
        while (part := self._parts.get()) is not None:
            yield part
        if self._is_dropped:
            raise _DroppedError


class Drafts:
    """All objects of one run that aren't in their places yet; ``folder`` is where the large ones are."""

    def __init__(self, store: CloudStore, folder: str) -> None:
        self._store = store
        self._folder = folder
        self._names = count()
        self._kept = 0

    @property
    def connection(self) -> Connection:
        """That of the store."""
        return self._store.connection

    def begin(self, keep: Callable[[str, Draft], None]) -> CloudUpload:
        """Begin an object."""
        return CloudUpload(self, keep)

    def written(self, blocks: Iterable[bytes]) -> Draft:
        """Write an object; what ``blocks`` raises leaves nothing of it."""
        upload = self.begin(lambda _key, _draft: None)
        try:
            for block in blocks:
                upload.write(block)
            upload.close()
        except BaseException:
            upload.drop()
            raise
        return upload.draft

    def copied(self, source: Meta) -> Draft:
        """Copy an object, on the server's side; ObjectInTheWayError when it isn't that one any more."""
        name = self.new_name()
        shown = self._store.shown_full(source.key)
        self.connection.copy(source, self._store.full(name), shown, overwrite=True)
        if self._store.meta_of(source.key) != source:
            raise ObjectInTheWayError(shown)
        return self.meta(name)

    def place(self, draft: Draft, full: str, former: Meta | Literal["any"] | None) -> None:
        """Give an object its key, if that has what it had; ObjectInTheWayError else."""
        shown = self._store.shown_full(full)
        try:
            self._place(draft, full, former)
        except FileExistsError as error:
            # SeaweedFS takes the folder that emptied prefixes leave for an object of that name.
            if self._store.meta_of(full):
                raise ObjectInTheWayError(shown) from error
            self._place(draft, full, "any")
        except ObjectChangedError as error:
            raise ObjectInTheWayError(shown) from error

    def _place(self, draft: Draft, full: str, former: Meta | Literal["any"] | None) -> None:
        shown, connection = self._store.shown_full(full), self.connection
        if isinstance(draft, bytes):
            connection.put(full, shown, draft, former)
            return
        # A copy on the server's side takes no condition on what it replaces.
        if former not in {"any", None} and self._store.meta_of(full) != former:
            raise ObjectChangedError(shown)
        connection.copy(draft, full, shown, overwrite=former is not None)

    def clear(self) -> None:
        """Take away what is below ``.blobfix-``."""
        folder = self._store.full(self._folder)
        for page in list(self.connection.pages(folder, self._store.shown(""))):
            self.connection.delete([each.key for each in page], self._store.shown(""))

    def latest(self) -> Meta | None:
        """What was written last below ``.blobfix-``: the names are numbers."""
        pages = self.connection.pages(self._store.full(self._folder), self._store.shown(""))
        return max((each for page in pages for each in page), key=lambda each: (len(each.key), each.key), default=None)

    def may_keep(self, size: int) -> bool:
        """Whether there is room for so many bytes more; it is taken then."""
        if self._kept + size > _MOST_KEPT:
            return False
        self._kept += size
        return True

    def let_go(self) -> None:
        """What was kept here has its place."""
        self._kept = 0

    def new_name(self) -> str:
        """A key for an object that is no longer kept here."""
        return f"{self._folder}/{next(self._names)}"

    def upload(self, name: str, parts: Iterator[bytes]) -> None:
        """Send it; what ``parts`` raises aborts the upload."""
        self.connection.upload(self._store.full(name), self._store.shown(""), parts)

    def meta(self, name: str) -> Meta:
        """What was sent."""
        return self.connection.meta(self._store.full(name), self._store.shown(""))
