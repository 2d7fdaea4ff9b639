"""Whether a blob's files still make the blob: proven before its first byte goes out, and remembered."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import Final

from importer.domain.digest import Digest
from importer.errors import BlobfixError
from importer.places.address import stored_in
from importer.places.identity import identity_at
from importer.places.store import Identity
from importer.plan.blobs import ProvenBlob
from importer.writers.verifying_reader import VerifyingReader

_CLOCK_GRAIN: Final = 2_000_000_000
"""Nanoseconds by which a file system's time may be coarse (FAT: 2 s)."""


class Verdicts:
    """Remembers what was proven, for as long as no file changes; it may be used from several threads.

    Args:
        since: when the files began to be read for the plan, in nanoseconds since 1970. What wasn't
            touched after that is what was read then, and need not be read once more.
    """

    def __init__(self, since: int, reader: VerifyingReader) -> None:
        self._reader = reader
        self._since = since
        self._proven: dict[Digest, tuple[Identity, ...]] = {}
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

    def _was_read_for_plan(self, blob: ProvenBlob, identities: tuple[Identity, ...]) -> bool:
        if blob.digest in self._proven:
            return False
        # Of what tells no time of change, nobody knows whether that was before the plan.
        return all(0 < each.changed < self._since - _CLOCK_GRAIN for each in identities)

    def _proves(self, blob: ProvenBlob) -> bool:
        try:
            for _ in self._reader.blocks(blob):
                pass
        except BlobfixError:
            return False
        return True


def _identities(blob: ProvenBlob) -> tuple[Identity, ...] | None:
    """The identities of a blob's files; None when one is gone."""
    found = tuple(identity_at(each) for each in stored_in(blob.recipe))
    return found if all(each.marks for each in found) else None
