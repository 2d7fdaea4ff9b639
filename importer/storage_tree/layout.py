"""Where a registry's storage lies below a folder, be it where it should be or not."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from importer.domain.storage_paths import BLOBS, REPOSITORIES, STORAGE_PARTS

STORAGE: Final = "/".join(STORAGE_PARTS)
"""Where a registry's storage begins below its root."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the two halves of a storage tree lie.

    Paths in the storage are written ``blobs/…`` and ``repositories/…`` with slashes, wherever
    these two are now.

    Attributes:
        root: what is, or should be, mounted at /var/lib/registry.
        blobs, repositories: the halves as they lie now, relative to the root, with slashes; the
            right place when they are nowhere.
    """

    root: Path
    blobs: str
    repositories: str

    @property
    def misplaced(self) -> tuple[tuple[str, str], ...]:
        """Halves that don't begin at docker/registry/v2: where each is, and where it belongs; blobs first."""
        halves = ((self.blobs, f"{STORAGE}/{BLOBS}"), (self.repositories, f"{STORAGE}/{REPOSITORIES}"))
        return tuple((now, right) for now, right in halves if now != right)

    def below_root(self, path: str) -> str:
        """A path in the storage as it lies now below the root."""
        half, slash, rest = path.partition("/")
        return (self.blobs if half == BLOBS else self.repositories) + slash + rest

    def leads_out(self, path: str) -> bool:
        """Whether a link on the way to a path in the storage leads out of the root."""
        # Unlike resolve(), this goes as far as it may where a folder is locked, or isn't there yet.
        folder = Path(os.path.realpath(Path(self.place(path)).parent))
        return not folder.is_relative_to(os.path.realpath(self.root))

    def place(self, path: str) -> str:
        """A path in the storage as the system knows it."""
        return os.path.join(self.root, self.below_root(path))  # noqa: PTH118 (a million of them, as text)
