"""A folder with some files, as a store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from importer.places.folder_store import FolderStore


def in_folder(root: Path) -> Callable[[Mapping[str, bytes]], FolderStore]:
    """Writes the given files below the folder, which is made with the first one, and gives the folder."""

    def fill(objects: Mapping[str, bytes]) -> FolderStore:
        for key, content in objects.items():
            path = root / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return FolderStore(root)

    return fill
