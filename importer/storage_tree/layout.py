"""Where a registry's storage lies in a store, be it where it should be or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from importer.domain.storage_paths import BLOBS, REPOSITORIES, STORAGE_PARTS
from importer.places.changes import WritableStore

STORAGE: Final = "/".join(STORAGE_PARTS)
"""Where a registry's storage begins below its root."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the two halves of a storage tree lie.

    Paths in the storage are written ``blobs/…`` and ``repositories/…`` with slashes, wherever
    these two are now.

    Attributes:
        store: what is, or should be, mounted at /var/lib/registry.
        blobs, repositories: the halves as they lie now, below the store's root; the
            right place when they are nowhere.
    """

    store: WritableStore
    blobs: str
    repositories: str

    @property
    def misplaced(self) -> tuple[tuple[str, str], ...]:
        """Halves that don't begin at docker/registry/v2: where each is, and where it belongs; blobs first."""
        halves = ((self.blobs, f"{STORAGE}/{BLOBS}"), (self.repositories, f"{STORAGE}/{REPOSITORIES}"))
        return tuple((now, right) for now, right in halves if now != right)

    def key(self, path: str) -> str:
        """A path in the storage as it lies now in the store."""
        half, slash, rest = path.partition("/")
        return (self.blobs if half == BLOBS else self.repositories) + slash + rest

    def leads_out(self, path: str) -> bool:
        """Whether a link on the way to a path in the storage leads out of the root."""
        return self.store.leads_out(self.key(path).rpartition("/")[0])
