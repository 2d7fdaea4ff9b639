"""Whether a blob's files still make the blob: proven before its first byte goes out, and remembered."""

from __future__ import annotations

import stat
import threading
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from importer.domain.digest import Digest
from importer.errors import BlobfixError
from importer.places.address import paths_of
from importer.plan.blobs import ProvenBlob
from importer.writers.verifying_reader import VerifyingReader

_CLOCK_GRAIN: Final = 2_000_000_000
"""Nanoseconds by which a file system's time may be coarse (FAT: 2 s)."""


@dataclass(frozen=True, slots=True)
class _Identity:
    """What changes when a file does."""

    path: str
    inode: int
    size: int
    modified: int
    changed: int

    @property
    def last_touched(self) -> int:
        return max(self.modified, self.changed)


class Verdicts:
    """Remembers what was proven, for as long as no file changes; it may be used from several threads.

    Args:
        since: when the files began to be read for the plan, in nanoseconds since 1970. What wasn't
            touched after that is what was read then, and need not be read once more.
    """

    def __init__(self, since: int, reader: VerifyingReader) -> None:
        self._reader = reader
        self._since = since
        self._proven: dict[Digest, tuple[_Identity, ...]] = {}
        self._locks: defaultdict[Digest, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()

    def is_sound(self, blob: ProvenBlob) -> bool:
        """Whether the blob can be given out; reads all of it when that isn't known."""
        with self._lock:
            own = self._locks[blob.digest]
        # Only those who want the same blob wait for its verdict.
        with own:
            identities = _identities(blob)
            if identities is None:
                return False
            if self._proven.get(blob.digest) == identities or self._was_read_for_plan(blob, identities):
                self._proven[blob.digest] = identities
                return True
            if not self._proves(blob) or _identities(blob) != identities:
                return False
            self._proven[blob.digest] = identities
            return True

    def _was_read_for_plan(self, blob: ProvenBlob, identities: tuple[_Identity, ...]) -> bool:
        if blob.digest in self._proven:
            return False
        return all(each.last_touched + _CLOCK_GRAIN < self._since for each in identities)

    def _proves(self, blob: ProvenBlob) -> bool:
        try:
            for _ in self._reader.blocks(blob):
                pass
        except BlobfixError:
            return False
        return True


def _identities(blob: ProvenBlob) -> tuple[_Identity, ...] | None:
    """The identities of a blob's files; None when one is gone."""
    found = [_identity(Path(path)) for path in paths_of(blob.recipe)]
    there = tuple(each for each in found if each)
    return there if len(there) == len(found) else None


def _identity(path: Path) -> _Identity | None:
    """That of the file, or of the archive whose member the path names."""
    for place in (path, *path.parents):
        try:
            status = place.stat()
        except OSError:
            continue
        if stat.S_ISDIR(status.st_mode):
            return None
        return _Identity(str(place), status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return None
