"""Telling a registry's storage from all else that a user may point at.

A tree at ``docker/registry/v2`` is taken as it is, however damaged. One that begins elsewhere is taken
only when links say that it is a registry's: a folder called ``blobs`` is in half of all image stores.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import Final

from importer.domain.digest import Digest
from importer.domain.storage_paths import BLOBS, DATA, LAYERS, LINK, MANIFESTS, REPOSITORIES, STORAGE_PARTS
from importer.errors import InputError, NoImageError, UsageError
from importer.places.changes import WritableStore
from importer.places.store import EntryKind, Store, joined, kind_at
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
from importer.storage_tree.link_text import MAX_LINK_SIZE, LinkFault, read_link_text
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


def find_tree(store: WritableStore) -> Layout | ForeignStore:
    """Find the tree, or the store of another kind that is there instead.

    Raises UsageError for no folder, NoImageError where nothing is that can be told, InputError.
    """
    shown = store.shown("")
    try:
        if not _is_folder(store):
            raise UsageError(f"{shown}: is not a folder; give the one that is mounted at /var/lib/registry")
        whole = _root_of_storage(store) or store
        layout = _layout(whole)
        return (_foreign(layout) or layout) if layout else _stranger(store)
    except OSError as error:
        raise InputError(f"{shown}: can't be read: {error.strerror}") from error


def object_store_in(tree: Tree) -> ForeignStore | None:
    """The object store whose disk a tree turns out to be, when each of its files is a folder."""
    layout = tree.layout
    odd_links = [odd for repository in tree.repositories for odd in repository.odd]
    paths = chain(
        (blob.path for blob in tree.odd_blobs), (stray.path for stray in tree.strays), (odd.path for odd in odd_links)
    )
    for path in paths:
        if path.rpartition("/")[2] in OBJECT_FILES:
            return ForeignStore(StoreKind.OBJECT_STORE, layout.key(path))
    # A link that is a folder isn't looked into by the walk.
    for key in (layout.key(odd.path) for odd in odd_links if odd.fault is LinkFault.NO_FILE):
        for name in OBJECT_FILES:
            if kind_at(layout.store, joined(key, name)):
                return ForeignStore(StoreKind.OBJECT_STORE, joined(key, name))
    return None


def _is_folder(store: Store, *key: str) -> bool:
    return kind_at(store, joined(*key)) is EntryKind.FOLDER


def _root_of_storage(store: WritableStore) -> WritableStore | None:
    """The root above a folder that is itself the storage, or one of the two on the way to it."""
    above = [store, *islice(store.parents(), len(STORAGE_PARTS))]
    for depth in (3, 2, 1):
        names = tuple(each.name for each in reversed(above[:depth]))
        if names == STORAGE_PARTS[:depth] and _holds_half(store, *STORAGE_PARTS[depth:]):
            return above[depth]
    return None


def _holds_half(store: Store, *folder: str) -> bool:
    return _is_folder(store, *folder, BLOBS) or _is_folder(store, *folder, REPOSITORIES)


def _layout(store: WritableStore) -> Layout | None:
    """The halves of the tree; those at a wrong place only if links or data show that they are a registry's."""
    repositories = STORAGE if _is_folder(store, STORAGE, REPOSITORIES) else _misplaced_repositories(store)
    blobs = STORAGE if _is_folder(store, STORAGE, BLOBS) else _misplaced_blobs(store, repositories)
    if blobs is None and repositories is None:
        return None
    return Layout(store, _half(blobs, BLOBS), _half(repositories, REPOSITORIES))


def _half(beginning: str | None, half: str) -> str:
    return joined(STORAGE if beginning is None else beginning, half)


def _misplaced_repositories(store: Store) -> str | None:
    return next((each for each in _WRONG_BEGINNINGS if _holds_links(store, joined(each, REPOSITORIES))), None)


def _misplaced_blobs(store: Store, repositories: str | None) -> str | None:
    if repositories is None or (repositories == STORAGE and not _holds_links(store, joined(STORAGE, REPOSITORIES))):
        return None
    if _is_folder(store, repositories, BLOBS):
        return repositories
    return next((each for each in _WRONG_BEGINNINGS if _holds_data(store, joined(each, BLOBS))), None)


def _holds_links(store: Store, repositories: str) -> bool:
    """Whether there is a link of a layer, a manifest or a tag: its text, however spelled, or its folder is a digest."""
    waiting = [(FolderLook.at(store, repositories), False)]
    for _ in range(_MAX_FOLDERS):
        if not waiting:
            return False
        look, is_own = waiting.pop()
        if is_own and any(_tells_digest(look, name) for name in look.files | look.folders):
            return True
        waiting += ((inner, is_own or inner.name in (LAYERS, MANIFESTS)) for inner in look.inner())
    return False


def _tells_digest(look: FolderLook, name: str) -> bool:
    if name.lower() != LINK:
        return False
    if Digest.from_name(look.name):
        return True
    try:
        return read_link_text(look.store.head(joined(look.key, name), MAX_LINK_SIZE)).digest is not None
    except OSError:
        return False


def _holds_data(store: Store, blobs: str) -> bool:
    """Whether a blob lies as only a registry keeps it: ``<algorithm>/<two digits>/<hex>/data``."""
    for prefix in (prefix for algorithm in FolderLook.at(store, blobs).inner() for prefix in algorithm.inner("..")):
        if any(DATA in blob.files | blob.folders for blob in prefix.inner()):
            return True
    return False


def _foreign(layout: Layout) -> ForeignStore | None:
    """The store that makes a tree none to be mended, or None."""
    store, halves = layout.store, (layout.blobs, layout.repositories)
    tops = dict.fromkeys(half.rpartition("/")[0] for half in halves)
    if around := _object_store_around(store, "", *halves):
        return around
    for top in tops:
        if found := store_sharing_halves(FolderLook.at(store, top)):
            return _below(found, top)
    if _holds_data(store, layout.blobs) or _holds_links(store, layout.repositories):
        return None
    # An empty storage, made by a registry's first start or by mistake, doesn't speak for the store beside it.
    for top in dict.fromkeys(("", *tops)):
        found = store_in(FolderLook.at(store, top))
        if found and found.kind is not StoreKind.DOWNLOADS:
            return _below(found, top)
    return _filled_half(layout) or _lonely_half(store)


def _object_store_around(store: Store, *folders: str) -> ForeignStore | None:
    """An object store on whose disk the folders lie: its own folder is at the disk's top."""
    places = (store.within(folder) for folder in folders)
    for above in dict.fromkeys(each for place in places for each in (place, *place.parents())):
        for name in OBJECT_STORE_FOLDERS:
            if _is_folder(above, name):
                return ForeignStore(StoreKind.OBJECT_STORE, above.shown(name))
    return None


def _filled_half(layout: Layout) -> ForeignStore | None:
    """A half in which there are files, and none that only a registry has."""
    for half in (layout.blobs, layout.repositories):
        if _holds_files(FolderLook.at(layout.store, half)):
            return ForeignStore(StoreKind.UNKNOWN, half)
    return None


def _holds_files(look: FolderLook) -> bool:
    waiting = [look]
    while waiting:
        look = waiting.pop()
        if look.files:
            return True
        waiting += (inner for inner in look.inner() if inner.name not in look.links)
    return False


def _lonely_half(store: Store) -> ForeignStore | None:
    for half in (joined(beginning, half) for beginning in _WRONG_BEGINNINGS for half in (BLOBS, REPOSITORIES)):
        if _is_folder(store, half):
            return ForeignStore(StoreKind.UNKNOWN, half)
    return None


def _stranger(store: Store) -> ForeignStore:
    """What a folder is that holds no tree; raises NoImageError when nothing tells."""
    here = store_in(FolderLook.at(store))
    if here and here.kind not in (StoreKind.BLOBS, StoreKind.DOWNLOADS):
        return here
    found = _object_store_around(store, "") or _object_store_below(store, "") or _not_in_a_nested_tree(store)
    found = found or _store_above(store) or here or _store_below(store) or _lonely_half(store)
    if found:
        return found
    raise NoImageError(
        f"{store.shown('')}: not a registry's storage: neither {STORAGE}/blobs nor {STORAGE}/repositories; "
        "give the folder that is mounted at /var/lib/registry"
    )


def _not_in_a_nested_tree(store: Store) -> ForeignStore | None:
    """Raise NoImageError naming the folder below that is a registry's; an object store's disk may look like one."""
    for nested in _nested(store):
        if _holds_half(store, nested, STORAGE):
            if found := _object_store_around(store, nested) or _object_store_below(store, nested):
                return found
            raise NoImageError(f"{store.shown('')}: a registry's storage is in {store.shown(nested)}; give that folder")
    return None


def _nested(store: Store) -> Iterator[str]:
    """Folders below, the nearest first; links are not followed, so that none leads away."""
    waiting = deque([("", 0)])
    for _ in range(_NESTED_FOLDERS):
        if not waiting:
            return
        folder, depth = waiting.popleft()
        if depth:
            yield folder
        if depth < _NESTED_DEPTH:
            look = FolderLook.at(store, folder)
            waiting += ((joined(folder, name), depth + 1) for name in sorted(look.folders - look.links))


def _store_below(store: Store) -> ForeignStore | None:
    for nested in _nested(store):
        if found := store_in(FolderLook.at(store, nested)):
            return _below(found, nested)
    return None


def _object_store_below(store: Store, folder: str) -> ForeignStore | None:
    """An object store's file at the end of a straight way down: a bucket lies as deep as its keys are long."""
    look = FolderLook.at(store, folder)
    for _ in range(_DIVE):
        name = look.file("|".join(OBJECT_FILES))
        if name:
            return ForeignStore(StoreKind.OBJECT_STORE, joined(look.key, name))
        below = next(look.inner(), None)
        if below is None:
            return None
        look = below
    return None


def _store_above(store: Store) -> ForeignStore | None:
    """The store of which a user has given the folder of blobs."""
    for above in islice(store.parents(), 2):
        found = store_in(FolderLook.at(above))
        if found and found.kind in _ABOVE:
            return replace(found, evidence=above.shown(found.evidence))
    return None


def _below(found: ForeignStore, top: str) -> ForeignStore:
    return replace(found, evidence=joined(top, found.evidence))
