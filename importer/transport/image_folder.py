"""A folder of images laid out as Artifactory shows them, into which downloads go.

``<image>/<tag>/manifest.json`` with ``sha256__<hex>`` files beside it; for several platforms
``<image>/<tag>/list.manifest.json``, and each child in ``<image>/sha256__<hex>/``.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from importer.domain.digest import Digest
from importer.domain.manifest import Index
from importer.errors import OutputError
from importer.sources.folder import UNFINISHED_PREFIX
from importer.transport.partial_file import disk_errors
from importer.transport.remote_image import RemoteManifest

_FILE_MODE: Final = 0o644


class ImageFolder:
    """The place of one image (and, for an index, of its children) below ``root``."""

    def __init__(self, root: Path, repository: str, tag: str | None) -> None:
        self._root = root
        self._parts = repository.split("/")
        self._tag = tag

    def of_root(self, manifest: RemoteManifest) -> Path:
        """The folder of the image that was asked for."""
        return self._made((*self._parts, self._tag or manifest.digest.file_name))

    def of_child(self, digest: Digest) -> Path:
        """The folder of a manifest that an index names."""
        return self._made((*self._parts, digest.file_name))

    def write(self, manifest: RemoteManifest, folder: Path) -> Path:
        """Write a manifest's exact bytes under the name that Artifactory gives it; raises OutputError."""
        path = folder / ("list.manifest.json" if isinstance(manifest.parsed, Index) else "manifest.json")
        put_file(path, manifest.content)
        return path

    def _made(self, parts: tuple[str, ...]) -> Path:
        return make_folder(self._root, parts)


def make_folder(root: Path, parts: tuple[str, ...]) -> Path:
    """Make a folder below ``root``, which may itself be new; raises OutputError, also for a link on the way."""
    folder = root
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for part in parts:
        folder /= part
        if folder.is_symlink():
            raise OutputError(f"{folder}: is a link; downloads go into folders alone")
        with disk_errors(folder):
            folder.mkdir(exist_ok=True)
    return folder


def put_file(path: Path, content: bytes) -> None:
    """Write a small file in one step, unless it is there already; raises OutputError."""
    with disk_errors(path):
        if path.is_file() and not path.is_symlink() and path.read_bytes() == content:
            return
        descriptor, name = tempfile.mkstemp(prefix=UNFINISHED_PREFIX, dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
            Path(name).chmod(_FILE_MODE)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def demand_space(folder: Path, size: int) -> None:
    """Raise OutputError when ``size`` bytes can't fit, before any is downloaded."""
    with disk_errors(folder):
        free = shutil.disk_usage(folder).free
    if free < size:
        raise OutputError(f"{folder}: {size:,} bytes are to be downloaded, and there is room for {free:,}")
