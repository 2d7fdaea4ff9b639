"""The places that users name: the one way from a PATH to a store."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from importer.errors import UsageError
from importer.places.changes import WritableStore
from importer.places.folder_store import FolderStore
from importer.places.store import Store
from importer.words.printable import printable, shell_word

AnyPath = str | os.PathLike[str] | WritableStore
"""A path, the address of something that a scheme names, or a store itself."""


def _in_cloud(url: str) -> WritableStore:
    from importer.places.cloud.store import cloud_store_of  # noqa: PLC0415 (few commands need it)

    return cloud_store_of(url)


SCHEMES: Final[dict[str, Callable[[str], WritableStore]]] = {
    "s3": _in_cloud,
    "gs": _in_cloud,
    "az": _in_cloud,
}
"""What gives the store for an address, by its scheme; each loads what it needs when it is called."""

_ADDRESS: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://", re.ASCII)
_ON_SERVERS: Final = frozenset({"http", "https", "docker", "oci"})


def place_of(named: AnyPath) -> WritableStore:
    """The store at a place; a file alone is one, too. Nothing need be there.

    Raises UsageError for an address whose scheme nobody reads; a path that looks like one may be there.
    """
    if not isinstance(named, str | os.PathLike):
        return named
    text = os.fspath(named)
    address = _ADDRESS.match(text)
    if address and (known := SCHEMES.get(address[1].lower())):
        return known(text)
    if address and not os.path.lexists(text):
        raise UsageError(_refusal(text, address[1]))
    return FolderStore(Path(text))


def is_an_address(text: str) -> bool:
    """Whether a text names a place by a scheme that is read."""
    address = _ADDRESS.match(text)
    return address is not None and address[1].lower() in SCHEMES


def on_disk(store: Store) -> Path | None:
    """The path of a place on this machine's disks; None for one elsewhere."""
    return store.root if isinstance(store, FolderStore) else None


def path_of(named: AnyPath) -> Path:
    """The path of what can only be on this machine's disks; raises UsageError for a place elsewhere."""
    store = place_of(named)
    path = on_disk(store)
    if path is None:
        raise UsageError(f"{store.shown('')}: only trees and layouts are written there; give a path on this machine")
    return path


def _refusal(text: str, scheme: str) -> str:
    *most, last = ["folders", "archives", *(f"{each}://" for each in SCHEMES)]
    reads = f"{printable(text)}: {scheme}:// can't be read as a place; {', '.join(most)} and {last} can"
    if scheme.lower() in _ON_SERVERS:
        return f"{reads}. To download from there: blobfix pull {shell_word(text)} -o downloads"
    return reads
