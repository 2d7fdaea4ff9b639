"""Names from where manifests lie, in layouts whose folders are made of the image's name.

To add such a layout, write a function that reads a place, and name it in ``_LAYOUTS``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Final

from importer.domain.digest import Digest
from importer.domain.file_names import MANIFEST_NAME
from importer.domain.reference import DEFAULT_HOST, Reference, Repository, is_repository, name_from
from importer.formats.signatures import FileKind
from importer.inventory.inventory import Inventory
from importer.recovery.documents.naming.evidence import NamedDigest
from importer.sources.source_file import SourceFile

_NAMED_KINDS: Final = frozenset({FileKind.MANIFEST, FileKind.INDEX, FileKind.SCHEMA1})
_MANIFESTS: Final = "manifests"
_API: Final = "v2"
_TRANSPORT_VERSION: Final = "version"
_DOCUMENT: Final = ".json"
_TOP_LEVELS: Final = (
    "com|net|org|io|dev|cloud|app|example|internal|intranet|local|localdomain|lan|corp|home"
    "|ai|at|au|be|br|ca|ch|cn|co|cz|de|dk|es|eu|fi|fr|in|it|jp|kr|me|nl|no|pl|pt|ru|se|tv|uk|us"
)
_HOST: Final = re.compile(
    rf"localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+\.[a-z]{{2,}}|[a-z0-9-]+\.(?:{_TOP_LEVELS})|[a-z0-9.-]+:[0-9]+",
    re.IGNORECASE,
)
"""A registry's host. A folder's name with a single dot may be anything, ``john.doe``: the end must be a usual one."""
_ARCHIVE: Final = re.compile(r".+\.(?:zip|tar|tgz|gz|xz|bz2|zst)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a manifest lies.

    Attributes:
        given: the names that make the PATH that the user gave.
        folders: those of the folders below it.
        name: the file's own.
        is_transport: whether skopeo's ``dir:`` has written the folder.
    """

    given: tuple[str, ...]
    folders: tuple[str, ...]
    name: str
    is_transport: bool = False

    @classmethod
    def of(cls, file: SourceFile, *, is_transport: bool) -> _Place:
        below = len(file.parts)
        return cls(PurePath(file.path).parts[:-below], file.parts[:-1], file.name, is_transport)

    @property
    def way(self) -> tuple[str, ...]:
        """All folders, from the outermost."""
        return (*self.given, *self.folders)


def names(inventory: Inventory) -> Iterator[NamedDigest]:
    """The name of each manifest whose folders tell it."""
    transports = frozenset(fact.file.folder for fact in inventory.facts if fact.file.name == _TRANSPORT_VERSION)
    for fact in inventory.facts:
        if fact.kind in _NAMED_KINDS and not fact.file.borrowed:
            place = _Place.of(fact.file, is_transport=fact.file.folder in transports)
            found = (name for layout in _LAYOUTS if (name := layout(place)))
            if name := next(found, None):
                yield fact.digest, name


def _skopeo_sync(place: _Place) -> Reference | Repository | None:
    """``<image>:<tag>/manifest.json``, with ``--scoped`` ``<host>/<repository>:<tag>/manifest.json``.

    A digest may stand for the tag. Source: skopeo, cmd/skopeo/sync.go, ``destSuffix``; what writes the folders also
    writes ``version`` there (containers/image, directory/directory_dest.go).
    """
    if place.name != MANIFEST_NAME or not place.is_transport or ":" not in place.way[-1]:
        return None
    scope = _from_host((*place.given[-1:], *place.folders[:-1])) if place.folders else ()
    try:
        name = name_from("/".join((*scope, place.way[-1])))
    except ValueError:
        return None
    return replace(name, host=None) if name.host == DEFAULT_HOST else name


def _static_registry(place: _Place) -> Reference | Repository | None:
    """``v2/<repository>/manifests/<tag or digest>``, as a registry's API is laid out for a web server.

    Sources: distribution-spec, "Pulling manifests"; openshift/library-go, pkg/image/registryclient (file driver).
    """
    if place.way[-1:] != (_MANIFESTS,) or _API not in place.way:
        return None
    is_below = _API in place.folders
    start = place.folders.index(_API) + 1 if is_below else -place.given[::-1].index(_API)
    folders = place.folders[start:] if is_below else (*place.given[len(place.given) + start :], *place.folders)
    return _in_repository(folders[:-1], place.name)


def _ollama(place: _Place) -> Reference | Repository | None:
    """``manifests/<host>/<repository>/<tag>``. Source: ollama, types/model/name.go, ``Filepath``."""
    if _MANIFESTS not in place.folders:
        return None
    host, *repository = place.folders[place.folders.index(_MANIFESTS) + 1 :] or ("",)
    return _in_repository(repository, place.name) if _HOST.fullmatch(host) else None


_LAYOUTS: Final[tuple[Callable[[_Place], Reference | Repository | None], ...]] = (
    _skopeo_sync,
    _static_registry,
    _ollama,
)


def _from_host(folders: Sequence[str]) -> Sequence[str]:
    """The folders from the registry's host on, the innermost that can be one; none where there is no host."""
    hosts = [n for n, name in enumerate(folders) if _HOST.fullmatch(name) and not _ARCHIVE.fullmatch(name)]
    return folders[hosts[-1] :] if hosts else ()


def _in_repository(folders: Sequence[str], name: str) -> Reference | Repository | None:
    """The tag of that name, or the repository alone where a digest takes the tag's place.

    A file's ending is no part of a tag: what has one was saved by hand, in folders that may mean anything.
    """
    if name.endswith(_DOCUMENT):
        return None
    repository = "/".join(folders)
    if Digest.from_name(name):
        return Repository(repository) if is_repository(repository) else None
    try:
        return Reference.of_repository(repository, name)
    except ValueError:
        return None
