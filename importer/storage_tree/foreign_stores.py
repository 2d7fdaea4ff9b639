"""Stores of images that are no registry:2 storage, each told by what no such storage has.

Sources: OCI image-spec, image-layout.md; moby, image/tarexport (``manifest.json`` beside ``blobs``,
before docker 25 beside ``<id>/layer.tar``); ollama, server/modelpath.go; containerd,
plugins/content/local/store.go; docker-archive/docker-registry, storage.py (registry v1); minio,
cmd/xl-storage.go (``xl.meta``, earlier ``xl.json``, ``part.N``), and rustfs, which keeps its format;
quay, storage/local.py and storage/basestorage.py; moby, layer/filestore.go; containers/storage,
images.go; JFrog's and Sonatype's manuals on their file stores; containers/image, directory transport.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Final

from importer.domain.storage_paths import BLOBS, REPOSITORIES
from importer.storage_tree.folder_look import FolderLook

_HEX: Final = "[0-9a-f]{64}"
_ALGORITHM: Final = "sha256|sha384|sha512"
_ENOUGH: Final = 64
"""Folders of a kind that are looked into: if these aren't what they seem, no other is."""

OBJECT_FILES: Final = frozenset({"xl.meta", "xl.json"})
"""What an erasure-coded object is told by on its disk."""
OBJECT_STORE_FOLDERS: Final = (".minio.sys", ".rustfs.sys", ".sgwtmp", ".glusterfs", "__blobstorage__")
"""What MinIO, RustFS, Versity's gateway, GlusterFS and Azurite keep at the top of their disks."""
_MANIFEST_NAMES: Final = r"(list\.)?manifest\.json"
_BLOB_NAMES: Final = rf"sha256(__|:|-|_|%3[aA]){_HEX}.*|{_HEX}(\.(json|tar|tar\.gz|gz|tgz))?"
_ARCHIVE_NAMES: Final = r".+\.(tar|tar\.gz|tgz|tar\.zst|tar\.xz|zip)"


class StoreKind(StrEnum):
    """A kind of store; the value is what people call it."""

    OBJECT_STORE = "the disk of an object store"
    SKOPEO_DIR = "a folder as skopeo's dir: writes it"
    DOCKER_SAVE = "an unpacked docker save"
    ZOT = "the storage of zot"
    OCI_LAYOUT = "an OCI image layout"
    OLLAMA = "ollama's models folder"
    CONTAINERD = "containerd's content store"
    REGISTRY_V1 = "the storage of the first registry (v1)"
    QUAY = "the storage of Quay"
    DOCKER = "docker's own store"
    PODMAN = "the store of podman, CRI-O or buildah"
    ARTIFACTORY = "Artifactory's filestore"
    NEXUS = "a blob store of Nexus Repository"
    BLOBS = "blobs under their digests, as an OCI layout or containerd keeps them"
    DOWNLOADS = "a folder of downloads"
    UNKNOWN = "a folder called blobs or repositories, without any link of a registry"


@dataclass(frozen=True, slots=True)
class ForeignStore:
    """A store that is no registry's.

    Attributes:
        kind: what it is.
        evidence: the entry that tells, below the folder that was looked at, with slashes.
    """

    kind: StoreKind
    evidence: str


def store_in(look: FolderLook) -> ForeignStore | None:
    """What a folder is the top of; None when it is none of the known stores."""
    for kind, evidence_of in _SIGNS:
        if evidence := evidence_of(look):
            return ForeignStore(kind, evidence)
    return None


def store_sharing_halves(look: FolderLook) -> ForeignStore | None:
    """The store that uses the very folders ``blobs`` or ``repositories`` that a registry's tree uses here."""
    store = store_in(look)
    if store is None:
        return None
    match store.kind:
        case StoreKind.OCI_LAYOUT | StoreKind.ZOT | StoreKind.DOCKER_SAVE | StoreKind.CONTAINERD:
            return store if _flat_blob(look) else None
        case StoreKind.OLLAMA | StoreKind.NEXUS | StoreKind.REGISTRY_V1:
            return store if store.evidence.startswith((f"{BLOBS}/", f"{REPOSITORIES}/")) else None
        case StoreKind.OBJECT_STORE:
            return store
    return None


def _object_store(look: FolderLook) -> str | None:
    return look.file("|".join(map(re.escape, OBJECT_FILES))) or look.folder(
        "|".join(map(re.escape, OBJECT_STORE_FOLDERS))
    )


def _skopeo_dir(look: FolderLook) -> str | None:
    return "version" if "version" in look.files and look.begins("version", b"Directory Transport Version") else None


def _docker_save(look: FolderLook) -> str | None:
    """A list of images, beside blobs or, as docker wrote it before 25, beside folders with a layer.tar."""
    has_list = "manifest.json" in look.files and look.begins("manifest.json", b"[")
    if has_list and (_flat_blob(look) or "oci-layout" in look.files):
        return "manifest.json"
    for inner in islice(look.inner(_HEX), _ENOUGH):
        if "layer.tar" in inner.files or {"json", "VERSION"} <= inner.files:
            return "manifest.json" if has_list else f"{inner.name}/{inner.file('layer.tar|json')}"
    return "manifest.json" if has_list and look.file(rf"{_HEX}\.json") else None


def _zot(look: FolderLook) -> str | None:
    if "oci-layout" in look.files and ".uploads" in look.folders:
        return ".uploads"
    if not {"cache.db", "meta.db"} & look.files and "_trivy" not in look.folders:
        return None
    layouts = (inner for outer in look.inner() for inner in (outer, *outer.inner()))
    is_there = any({"oci-layout", "index.json"} & layout.files for layout in layouts)
    return (look.file(r"(cache|meta)\.db") or "_trivy") if is_there else None


def _oci_layout(look: FolderLook) -> str | None:
    if "oci-layout" in look.files:
        return "oci-layout"
    return "index.json" if "index.json" in look.files and _flat_blob(look) else None


def _ollama(look: FolderLook) -> str | None:
    blob = look.below(BLOBS).file(rf"sha256[-:]{_HEX}(-partial.*)?") if BLOBS in look.folders else None
    return f"{BLOBS}/{blob}" if blob else None


def _containerd(look: FolderLook) -> str | None:
    plugin = look.folder(r"io\.containerd\..+")
    return plugin or ("ingest" if "ingest" in look.folders and _flat_blob(look) else None)


def _flat_blob(look: FolderLook) -> str | None:
    """A file ``blobs/<algorithm>/<hex>``: a registry has a folder of that name below two digits."""
    blobs = look.below(BLOBS) if BLOBS in look.folders else look
    for inner in blobs.inner(_ALGORITHM):
        if blob := inner.file("[0-9a-f]{64,128}"):
            return look.way_to(inner, blob)
    return None


def _registry_v1(look: FolderLook) -> str | None:
    repositories = _folders_below(look.below(REPOSITORIES), 2) if REPOSITORIES in look.folders else ()
    for repository in islice(repositories, _ENOUGH):
        if name := repository.file("_index_images|tag_.+|tag.+_json"):
            return look.way_to(repository, name)
    images = look.below("images").inner(_HEX) if "images" in look.folders else ()
    for image in islice(images, _ENOUGH):
        if name := image.file("ancestry|_checksum|layer|json"):
            return f"images/{image.name}/{name}"
    return None


def _quay(look: FolderLook) -> str | None:
    for prefix in look.below("sha256").inner("[0-9a-f]{2}") if "sha256" in look.folders else ():
        blob = prefix.file(_HEX)
        if blob and blob.startswith(prefix.name):
            return f"sha256/{prefix.name}/{blob}"
    return None


def _docker(look: FolderLook) -> str | None:
    for driver in look.below("image").inner() if "image" in look.folders else ():
        if name := driver.folder("imagedb|layerdb|distribution") or driver.file("repositories.json"):
            return f"image/{driver.name}/{name}"
    if {"imagedb", "layerdb"} & look.folders:
        return look.folder("imagedb|layerdb")
    has_daemon = "engine-id" in look.files or not {"containers", "buildkit"}.isdisjoint(look.folders)
    return "overlay2" if "overlay2" in look.folders and has_daemon else None


def _podman(look: FolderLook) -> str | None:
    for inner in look.inner("[a-z0-9-]+-(images|layers)"):
        if name := inner.file(r"(volatile-)?(images|layers)\.(json|lock)"):
            return f"{inner.name}/{name}"
    return "storage.lock" if "storage.lock" in look.files else None


def _artifactory(look: FolderLook) -> str | None:
    for prefix in look.inner("[0-9a-f]{2}"):
        binary = prefix.file("[0-9a-f]{40}")
        if binary and binary.startswith(prefix.name):
            return f"{prefix.name}/{binary}"
    return None


def _nexus(look: FolderLook) -> str | None:
    stores: tuple[FolderLook, ...] = (look, *(look.below(BLOBS).inner() if BLOBS in look.folders else ()))
    for store in stores:
        name = _nexus_sign(store)
        if name:
            return look.way_to(store, name)
    return None


def _nexus_sign(look: FolderLook) -> str | None:
    if "content" in look.folders:
        volume = look.below("content").folder(r"vol-\d+|20\d\d|directpath")
        return f"content/{volume}" if volume else "metadata.properties" if "metadata.properties" in look.files else None
    blob = look.file(r".+\.bytes")
    return blob if blob and f"{blob.removesuffix('.bytes')}.properties" in look.files else None


def _downloads(look: FolderLook) -> str | None:
    return look.file(_MANIFEST_NAMES) or look.file(_BLOB_NAMES) or look.file(_ARCHIVE_NAMES)


def _folders_below(look: FolderLook, depth: int) -> Iterator[FolderLook]:
    for inner in look.inner():
        yield inner
        if depth > 1:
            yield from _folders_below(inner, depth - 1)


_SIGNS: Final[tuple[tuple[StoreKind, Callable[[FolderLook], str | None]], ...]] = (
    (StoreKind.OBJECT_STORE, _object_store),
    (StoreKind.SKOPEO_DIR, _skopeo_dir),
    (StoreKind.DOCKER_SAVE, _docker_save),
    (StoreKind.ZOT, _zot),
    (StoreKind.OCI_LAYOUT, _oci_layout),
    (StoreKind.OLLAMA, _ollama),
    (StoreKind.CONTAINERD, _containerd),
    (StoreKind.REGISTRY_V1, _registry_v1),
    (StoreKind.QUAY, _quay),
    (StoreKind.DOCKER, _docker),
    (StoreKind.PODMAN, _podman),
    (StoreKind.ARTIFACTORY, _artifactory),
    (StoreKind.NEXUS, _nexus),
    (StoreKind.BLOBS, _flat_blob),
    (StoreKind.DOWNLOADS, _downloads),
)
"""What tells each kind, the most telling first."""
