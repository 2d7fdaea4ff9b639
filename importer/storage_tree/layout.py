"""Finding a registry's storage below a folder, where it begins as it should and where it doesn't."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from importer.domain.storage_paths import BLOBS, REPOSITORIES, STORAGE_PARTS
from importer.errors import InputError, NoImageError, UsageError

_STORAGE: Final = "/".join(STORAGE_PARTS)
_BEGINNINGS: Final = (_STORAGE, "registry/v2", "v2", "docker/registry", "docker/v2", "docker", "registry", "")
"""Where trees have been seen to begin; the first is right."""


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
        halves = ((self.blobs, f"{_STORAGE}/{BLOBS}"), (self.repositories, f"{_STORAGE}/{REPOSITORIES}"))
        return tuple((now, right) for now, right in halves if now != right)

    def below_root(self, path: str) -> str:
        """A path in the storage as it lies now below the root."""
        half, slash, rest = path.partition("/")
        return (self.blobs if half == BLOBS else self.repositories) + slash + rest

    def place(self, path: str) -> str:
        """A path in the storage as the system knows it."""
        return os.path.join(self.root, self.below_root(path))  # noqa: PTH118 (a million of them, as text)


def find_layout(root: Path) -> Layout:
    """Find the tree; raises UsageError for no folder, NoImageError where no tree is, InputError."""
    try:
        if not root.is_dir():
            raise UsageError(f"{root}: is no folder; give the one that is mounted at /var/lib/registry")
        whole = _root_of_storage(root) or root
        blobs, repositories = _find(whole, BLOBS), _find(whole, REPOSITORIES)
    except OSError as error:
        raise InputError(f"{root}: can't be read: {error.strerror}") from error
    if blobs is None and repositories is None:
        raise NoImageError(
            f"{root}: no registry's storage is in it: neither {_STORAGE}/blobs nor {_STORAGE}/repositories; "
            "give the folder that is mounted at /var/lib/registry"
        )
    return Layout(whole, blobs or f"{_STORAGE}/{BLOBS}", repositories or f"{_STORAGE}/{REPOSITORIES}")


def _root_of_storage(folder: Path) -> Path | None:
    """The root above a folder that is itself the storage, or the last folder but one before it."""
    here = Path(os.path.abspath(folder))  # noqa: PTH100 (a link's own name counts, not its target's)
    for depth in (3, 2):
        if here.parts[-depth:] == STORAGE_PARTS[:depth] and _holds_half(here.joinpath(*STORAGE_PARTS[depth:])):
            return here.parents[depth - 1]
    return None


def _holds_half(folder: Path) -> bool:
    return (folder / BLOBS).is_dir() or (folder / REPOSITORIES).is_dir()


def _find(root: Path, half: str) -> str | None:
    for beginning in _BEGINNINGS:
        path = f"{beginning}/{half}".lstrip("/")
        if (root / path).is_dir():
            return path
    return None
