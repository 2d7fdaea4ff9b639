"""Downloading a blob to its last byte, over as many broken connections and runs as it takes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from importer.domain.descriptor import Descriptor
from importer.errors import NetworkError
from importer.locking import exclusive
from importer.transport.breaks import RangeLimit
from importer.transport.keeping import keep
from importer.transport.partial_file import PartialFile, disk_errors, lock_path
from importer.transport.range_fetch import Advance, OtherwiseError, RangeFetch
from importer.transport.remote_blob import RemoteBlob
from importer.transport.retry import PassingFailure

_WORTH_NO_WAIT: Final = 1 << 16
_SHARE_WORTH_NO_WAIT: Final = 100


@dataclass(frozen=True, slots=True)
class Beginning:
    """A file whose first ``length`` bytes are probably the blob's; ``open`` gives a new stream of it."""

    open: Callable[[], BinaryIO]
    length: int


class BlobDownload:
    """Downloads one blob.

    Args:
        blob: what, and from where.
        limit: how much to ask for at once, shared with the server's other downloads.
        advance: told of every byte that arrives or is here.
    """

    def __init__(self, blob: RemoteBlob, limit: RangeLimit, advance: Advance) -> None:
        self._blob = blob
        self._descriptor = blob.descriptor
        self._surroundings = blob.client.surroundings
        self._advance = advance
        self._fetch = RangeFetch(blob, limit, advance)

    def to(self, target: Path, beginning: Beginning | None = None, *, replaces_remains: bool = False) -> None:
        """Download to ``target``, whose folder is there; what is there and right is left alone.

        Anything else that is there is kept under another name, unless it is the blob's beginning, or, as
        ``replaces_remains`` says, what is left of the blob.

        Raises NetworkError when the server can't or won't send the blob, and OutputError. What has
        arrived stays in a partial file, from which the next call goes on.
        """
        digest, sleep = self._descriptor.digest, self._surroundings.timing.sleep
        with disk_errors(target), exclusive(lock_path(target, digest), self._tell_waiting, sleep):
            if is_whole(target, self._descriptor):
                # It may be the work of a run that was killed before it was on the disk.
                self._surroundings.durability.files([target])
                self._surroundings.durability.folders([target.parent])
                self._advance(self._descriptor.size)
                return
            found = _stamp(target)
            with PartialFile.open(target, digest, self._surroundings.stop) as partial:
                if beginning := beginning or _truncated(target, self._descriptor):
                    partial.adopt(beginning.open, beginning.length)
                self._fill(partial)
                is_remains = replaces_remains and _stamp(target) == found
                if not (is_remains or _is_beginning(target, partial)):
                    self._keep(target)
                partial.finish(target, self._surroundings.durability)

    def _fill(self, partial: PartialFile) -> None:
        if partial.size > self._descriptor.size:
            partial.restart()
        self._advance(partial.size)
        self._fetch.confirm(partial)
        self._fetch_all(partial)
        if not partial.is_proven and (partial.inherited or self._fetch.is_pieced):
            self._tell(f"{self._blob.label}: its pieces don't add up to the blob; starting over")
            partial.restart()
            self._fetch_all(partial)
        if not partial.is_proven:
            raise NetworkError(self._fetch.wrong_bytes(partial))

    def _fetch_all(self, partial: PartialFile) -> None:
        """Fetch until enough is here; only tries that gain nothing use the patience up."""
        attempts = self._surroundings.attempts()
        highest = partial.size
        while partial.size < self._descriptor.size:
            self._surroundings.stop.check()
            try:
                self._fetch.fetch(partial)
            except OtherwiseError:
                continue
            except PassingFailure as failure:
                if self._is_worth_no_wait(partial.size - highest):
                    attempts.gained()
                    self._tell(f"{failure}; resuming from there")
                else:
                    attempts.failed(failure)
            highest = max(highest, partial.size)

    def _is_worth_no_wait(self, gain: int) -> bool:
        return gain >= min(_WORTH_NO_WAIT, max(1, self._descriptor.size // _SHARE_WORTH_NO_WAIT))

    def _keep(self, target: Path) -> None:
        kept = keep(target, self._surroundings.durability)
        if kept:
            self._tell(f"{target}: had other content, which is kept as {kept.name}")

    def _tell_waiting(self) -> None:
        self._tell(f"{self._blob.label}: another blobfix is downloading it; waiting")

    def _tell(self, message: str) -> None:
        self._surroundings.tell(message)


def _truncated(path: Path, descriptor: Descriptor) -> Beginning | None:
    """What stands in the blob's place, when it is shorter and so perhaps its beginning."""
    if path.is_symlink() or not path.is_file() or not 0 < path.stat().st_size < descriptor.size:
        return None
    return Beginning(lambda: path.open("rb"), path.stat().st_size)


def _stamp(path: Path) -> tuple[int, ...] | None:
    """What changes when somebody writes to the file; None where none is."""
    try:
        seen = path.lstat()
    except FileNotFoundError:
        return None
    return seen.st_ino, seen.st_size, seen.st_mtime_ns


def _is_beginning(path: Path, partial: PartialFile) -> bool:
    """Whether the file holds nothing but first bytes of what was downloaded."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > partial.size:
        return False
    with path.open("rb") as stream:
        return partial.starts_with(stream)


def is_whole(path: Path, descriptor: Descriptor) -> bool:
    """Whether the file is the blob; raises OSError when it can't be read."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size != descriptor.size:
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, descriptor.digest.algorithm).hexdigest() == descriptor.digest.hex
