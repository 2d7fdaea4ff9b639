"""Telling a registry's storage from all else that a user may point at.

A tree at ``docker/registry/v2`` is taken as it is, however damaged. One that begins elsewhere is taken
only when links say that it is a registry's: a folder called ``blobs`` is in half of all image stores.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from importer.domain.digest import Digest
from importer.domain.storage_paths import BLOBS, DATA, LAYERS, LINK, MANIFESTS, REPOSITORIES, STORAGE_PARTS
from importer.errors import InputError, NoImageError, UsageError
from importer.storage_tree.folder_look import FolderLook
from importer.storage_tree.foreign_stores import (
    OBJECT_FILES,
    OBJECT_STORE_FOLDERS,
    ForeignStore,
    StoreKind,
    store_in,
    store_sharing_halves,
)
from importer.storage_tree.layout import STORAGE, Layout
from importer.storage_tree.link_text import read_link_text
from importer.storage_tree.repository_reading import read_start
from importer.storage_tree.tree import Tree

_WRONG_BEGINNINGS: Final = ("registry/v2", "v2", "docker/registry", "docker/v2", "docker", "registry", "")
"""Where trees have been seen to begin that should begin at docker/registry/v2."""
_MAX_FOLDERS: Final = 100_000
"""Folders of repositories that are searched for a link."""
_NESTED_FOLDERS: Final = 1_000
_NESTED_DEPTH: Final = 3
"""How far a store is looked for below a folder that is none itself."""
_DIVE: Final = 24
"""Folders one inside another down which an object store's files are looked for."""
_ABOVE: Final = frozenset(
    {
        StoreKind.OCI_LAYOUT,
        StoreKind.ZOT,
        StoreKind.DOCKER_SAVE,
        StoreKind.OLLAMA,
        StoreKind.CONTAINERD,
        StoreKind.REGISTRY_V1,
    }
)
"""Stores of which a user may give an inner folder."""


def find_tree(root: Path) -> Layout | ForeignStore:
    """Find the tree, or the store of another kind that is there instead.

    Raises UsageError for no folder, NoImageError where nothing is that can be told, InputError.
    """
    try:
        if not root.is_dir():
            raise UsageError(f"{root}: is not a folder; give the one that is mounted at /var/lib/registry")
        whole = _root_of_storage(root) or root
        layout = _layout(whole)
        return (_foreign(whole, layout) or layout) if layout else _stranger(root)
    except OSError as error:
        raise InputError(f"{root}: can't be read: {error.strerror}") from error


def object_store_in(tree: Tree) -> ForeignStore | None:
    """The object store whose disk a tree turns out to be, when each of its files is a folder."""
    blobs = (blob.path for blob in tree.odd_blobs)
    strays = (stray.path for stray in tree.strays)
    links = (odd.path for repository in tree.repositories for odd in repository.odd)
    for path in (*blobs, *strays, *links):
        shown = tree.layout.below_root(path)
        if path.rpartition("/")[2] in OBJECT_FILES:
            return ForeignStore(StoreKind.OBJECT_STORE, shown)
        # A link that is a folder isn't looked into by the walk.
        for name in OBJECT_FILES if path.endswith(f"/{LINK}") else ():
            if os.path.lexists(f"{tree.layout.place(path)}/{name}"):
                return ForeignStore(StoreKind.OBJECT_STORE, f"{shown}/{name}")
    return None


def _root_of_storage(folder: Path) -> Path | None:
    """The root above a folder that is itself the storage, or one of the two on the way to it."""
    here = Path(os.path.abspath(folder))  # noqa: PTH100 (a link's own name counts, not its target's)
    for depth in (3, 2, 1):
        if here.parts[-depth:] == STORAGE_PARTS[:depth] and _holds_half(here.joinpath(*STORAGE_PARTS[depth:])):
            return here.parents[depth - 1]
    return None


def _holds_half(folder: Path) -> bool:
    return (folder / BLOBS).is_dir() or (folder / REPOSITORIES).is_dir()


def _layout(root: Path) -> Layout | None:
    """The halves of the tree; those at a wrong place only if links or data show that they are a registry's."""
    repositories = STORAGE if (root / STORAGE / REPOSITORIES).is_dir() else _misplaced_repositories(root)
    blobs = STORAGE if (root / STORAGE / BLOBS).is_dir() else _misplaced_blobs(root, repositories)
    if blobs is None and repositories is None:
        return None
    return Layout(root, _half(blobs, BLOBS), _half(repositories, REPOSITORIES))


def _half(beginning: str | None, half: str) -> str:
    return f"{STORAGE if beginning is None else beginning}/{half}".lstrip("/")


def _misplaced_repositories(root: Path) -> str | None:
    return next((each for each in _WRONG_BEGINNINGS if _holds_links(root / each / REPOSITORIES)), None)


def _misplaced_blobs(root: Path, repositories: str | None) -> str | None:
    if repositories is None or (repositories == STORAGE and not _holds_links(root / STORAGE / REPOSITORIES)):
        return None
    if (root / repositories / BLOBS).is_dir():
        return repositories
    return next((each for each in _WRONG_BEGINNINGS if _holds_data(root / each / BLOBS)), None)


def _holds_links(repositories: Path) -> bool:
    """Whether there is a link of a layer, a manifest or a tag: its text, however spelled, or its folder is a digest."""
    waiting = [(FolderLook.at(repositories), False)]
    for _ in range(_MAX_FOLDERS):
        if not waiting:
            return False
        look, is_own = waiting.pop()
        if is_own and any(_tells_digest(look.path / name) for name in look.files | look.folders):
            return True
        waiting += ((inner, is_own or inner.path.name in (LAYERS, MANIFESTS)) for inner in look.inner())
    return False


def _tells_digest(link: Path) -> bool:
    if link.name.lower() != LINK:
        return False
    if Digest.from_name(link.parent.name):
        return True
    try:
        return link.is_file() and read_link_text(read_start(link)).digest is not None
    except OSError:
        return False


def _holds_data(blobs: Path) -> bool:
    """Whether a blob lies as only a registry keeps it: ``<algorithm>/<two digits>/<hex>/data``."""
    for prefix in (prefix for algorithm in FolderLook.at(blobs).inner() for prefix in algorithm.inner("..")):
        if any(DATA in blob.files | blob.folders for blob in prefix.inner()):
            return True
    return False


def _foreign(root: Path, layout: Layout) -> ForeignStore | None:
    """The store that makes a tree none to be mended, or None."""
    halves = (layout.blobs, layout.repositories)
    tops = dict.fromkeys(os.path.dirname(half) for half in halves)  # noqa: PTH120 (relative to the root, as text)
    if around := _object_store_around(root, *halves):
        return around
    for top in tops:
        if store := store_sharing_halves(FolderLook.at(root / top)):
            return _below(store, top)
    if _holds_data(root / layout.blobs) or _holds_links(root / layout.repositories):
        return None
    # An empty storage, made by a registry's first start or by mistake, doesn't speak for the store beside it.
    for top in dict.fromkeys(("", *tops)):
        store = store_in(FolderLook.at(root / top))
        if store and store.kind is not StoreKind.DOWNLOADS:
            return _below(store, top)
    return _filled_half(root, layout) or _lonely_half(root)


def _object_store_around(root: Path, *halves: str) -> ForeignStore | None:
    """An object store on whose disk the tree lies: its own folder is at the disk's top."""
    places = (Path(os.path.realpath(root / half)) for half in ("", *halves))
    for above in dict.fromkeys(folder for place in places for folder in (place, *place.parents)):
        for name in OBJECT_STORE_FOLDERS:
            if (above / name).is_dir():
                return ForeignStore(StoreKind.OBJECT_STORE, os.fspath(above / name))
    return None


def _filled_half(root: Path, layout: Layout) -> ForeignStore | None:
    """A half in which there are files, and none that only a registry has."""
    for half in (layout.blobs, layout.repositories):
        if any(files for _, _, files in os.walk(root / half)):
            return ForeignStore(StoreKind.UNKNOWN, half)
    return None


def _lonely_half(root: Path) -> ForeignStore | None:
    for beginning in _WRONG_BEGINNINGS:
        for half in (BLOBS, REPOSITORIES):
            if (root / beginning / half).is_dir():
                return ForeignStore(StoreKind.UNKNOWN, f"{beginning}/{half}".lstrip("/"))
    return None


def _stranger(root: Path) -> ForeignStore:
    """What a folder is that holds no tree; raises NoImageError when nothing tells."""
    here = store_in(FolderLook.at(root))
    if here and here.kind not in (StoreKind.BLOBS, StoreKind.DOWNLOADS):
        return here
    store = _object_store_around(root) or _object_store_below(root, root) or _not_in_a_nested_tree(root)
    store = store or _store_above(root) or here or _store_below(root) or _lonely_half(root)
    if store:
        return store
    raise NoImageError(
        f"{root}: not a registry's storage: neither {STORAGE}/blobs nor {STORAGE}/repositories; "
        "give the folder that is mounted at /var/lib/registry"
    )


def _not_in_a_nested_tree(root: Path) -> ForeignStore | None:
    """Raise NoImageError naming the folder below that is a registry's; an object store's disk may look like one."""
    for nested in _nested(root):
        if _holds_half(nested / STORAGE):
            if store := _object_store_around(nested) or _object_store_below(nested, root):
                return store
            raise NoImageError(f"{root}: a registry's storage is in {nested}; give that folder")
    return None


def _nested(root: Path) -> Iterator[Path]:
    """Folders below, the nearest first; links are not followed, so that none leads away."""
    waiting = deque([(root, 0)])
    for _ in range(_NESTED_FOLDERS):
        if not waiting:
            return
        folder, depth = waiting.popleft()
        if depth:
            yield folder
        if depth < _NESTED_DEPTH:
            inner = (look.path for look in FolderLook.at(folder).inner())
            waiting += ((path, depth + 1) for path in inner if not path.is_symlink())


def _store_below(root: Path) -> ForeignStore | None:
    for nested in _nested(root):
        if store := store_in(FolderLook.at(nested)):
            return _below(store, nested.relative_to(root).as_posix())
    return None


def _object_store_below(folder: Path, root: Path) -> ForeignStore | None:
    """An object store's file at the end of a straight way down: a bucket lies as deep as its keys are long."""
    look = FolderLook.at(folder)
    for _ in range(_DIVE):
        name = look.file("|".join(OBJECT_FILES))
        if name:
            return ForeignStore(StoreKind.OBJECT_STORE, (look.path / name).relative_to(root).as_posix())
        below = next(look.inner(), None)
        if below is None:
            return None
        look = below
    return None


def _store_above(root: Path) -> ForeignStore | None:
    """The store of which a user has given the folder of blobs."""
    here = Path(os.path.abspath(root))  # noqa: PTH100 (a link's own name counts, not its target's)
    for above in here.parents[:2]:
        store = store_in(FolderLook.at(above))
        if store and store.kind in _ABOVE:
            return replace(store, evidence=os.fspath(above / store.evidence))
    return None


def _below(store: ForeignStore, top: str) -> ForeignStore:
    return replace(store, evidence=f"{top}/{store.evidence}".lstrip("/"))
