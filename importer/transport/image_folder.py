"""A folder of images laid out as Artifactory shows them, into which downloads go.

``<image>/<tag>/manifest.json`` with ``sha256__<hex>`` files beside it; for several platforms
``<image>/<tag>/list.manifest.json``, and each child in ``<image>/sha256__<hex>/``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from importer.domain.digest import Digest
from importer.domain.file_names import manifest_name
from importer.domain.manifest import Index
from importer.errors import OutputError
from importer.formats.json_text import MAX_DOCUMENT_SIZE
from importer.places.durability import Durability
from importer.places.placing import Placing
from importer.places.unfinished import FILE_MODE, remove_leftovers, unfinished_folder, write_blocks
from importer.transport.keeping import keep
from importer.transport.partial_file import disk_errors
from importer.transport.remote_image import RemoteManifest
from importer.transport.retry import Tell

_ERROR_MEMBERS: Final = frozenset({"errors", "message", "status"})
"""What a registry's and Artifactory's error bodies consist of."""


class ImageFolder:
    """The place of one image (and, for an index, of its children) below ``root``."""

    def __init__(self, root: Path, repository: str, tag: str | None, durability: Durability, tell: Tell) -> None:
        self._root = root
        self._durability = durability
        self._tell = tell
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
        path = folder / manifest_name(is_index=isinstance(manifest.parsed, Index))
        put_document(path, manifest.content, self._durability, self._tell)
        return path

    def _made(self, parts: tuple[str, ...]) -> Path:
        return make_folder(self._root, parts, self._durability)


def make_folder(root: Path, parts: tuple[str, ...], durability: Durability) -> Path:
    """Make a folder below ``root``, which may itself be new; raises OutputError, also for a link on the way."""
    folder = root
    above = _new_above(root)
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for part in parts:
        above.append(folder)
        folder /= part
        if folder.is_symlink():
            raise OutputError(f"{folder}: is a link; downloads only go into real folders")
        with disk_errors(folder):
            folder.mkdir(exist_ok=True)
    with disk_errors(folder):
        durability.folders(above)
    return folder


def _new_above(root: Path) -> list[Path]:
    """The folders that get a new entry when ``root`` is made."""
    above = [root.parent]
    while not above[-1].exists():
        above.append(above[-1].parent)
    return above


def put_document(path: Path, content: bytes, durability: Durability, tell: Tell) -> None:
    """Write a manifest as ``put_file`` does; a whole document that is there is kept, and said to be."""
    with disk_errors(path):
        kept = keep(path, durability) if _is_other_document(path, content) else None
    if kept:
        tell(f"{path}: was a different document, which is kept as {kept.name}")
    put_file(path, content, durability)


def _is_other_document(path: Path, content: bytes) -> bool:
    """Whether something is there that isn't this document in another form or cut, and no server's error."""
    if path.is_symlink():
        return True
    if not path.is_file():
        return False
    if path.stat().st_size > MAX_DOCUMENT_SIZE:
        return True
    found = path.read_bytes()
    if content.startswith(found) or found.lstrip().startswith(b"<"):
        return False
    try:
        value = json.loads(found)
    except (ValueError, RecursionError):
        return True
    return value != json.loads(content) and not (isinstance(value, dict) and value.keys() <= _ERROR_MEMBERS)


def put_file(path: Path, content: bytes, durability: Durability) -> None:
    """Write a small file in one step, unless it is there already; raises OutputError."""
    remove_leftovers(path.parent)
    with disk_errors(path):
        if path.is_file() and not path.is_symlink() and path.read_bytes() == content:
            # It may be the work of a run that was killed before it was on the disk.
            durability.files([path])
            durability.folders([path.parent])
            return
        with unfinished_folder(path.parent) as folder, Placing(folder, durability) as placing:
            unfinished = folder / path.name
            write_blocks(unfinished, [content])
            unfinished.chmod(FILE_MODE)
            durability.files([unfinished])
            placing.file(unfinished, path)
            placing.settle()
