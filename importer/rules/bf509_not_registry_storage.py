"""BF509: a store that isn't a registry's, given to be mended as one."""

from typing import Final

from importer.rules.rule import Explanation, Observation, OnTree, Rule, Safety, Severity
from importer.storage_tree.defects import NotRegistryStorage
from importer.storage_tree.foreign_stores import StoreKind
from importer.words.text import Command, FilePath, Text

_READ: Final = "{} shows what is in it; {} writes a registry's storage from it"
_READ_WITHOUT_NAMES: Final = (
    "{} shows what can be recovered from its files; names are in its database, so write a registry's storage with "
    "{}, or pull from it while it runs"
)
_READ_CONTAINERD: Final = (
    "{} shows what is in it; {} writes a registry's storage; while containerd runs, ctr images export also keeps the "
    "names"
)
_READ_BLOBS: Final = (
    "give the folder that is mounted at /var/lib/registry, the one that contains docker/registry/v2; if this was "
    "one, its links are lost: {} shows which images its blobs still make up"
)
_OTHER_WAYS: Final = {
    StoreKind.OBJECT_STORE: (
        "go through the store: copy the bucket into a folder with its own client (mc mirror STORE/BUCKET FOLDER, aws "
        "s3 sync s3://BUCKET FOLDER), and run blobfix repair-tree FOLDER; copy the repaired tree back the same way"
    ),
    StoreKind.REGISTRY_V1: (
        "run the old registry over it (docker-registry 0.9), pull its images with a docker older than 17.12, "
        "and push them to a registry:2"
    ),
    StoreKind.DOCKER: (
        "its layers are stored unpacked: start docker over it (dockerd --data-root FOLDER), and docker push or "
        "docker save what you need; blobfix reads what docker save wrote"
    ),
    StoreKind.PODMAN: (
        "its layers are stored unpacked: podman --root FOLDER images lists what is in it, and podman push or podman "
        "save gets it out; blobfix reads what podman save wrote"
    ),
}


def observe(defect: NotRegistryStorage) -> Observation:
    """Say what it is, what tells so, and how to get at what is in it."""
    return Observation(
        Text(
            "{} shows that this is {}, not a registry's storage: repairing it as one would move files that its owner "
            "needs where they are",
            FilePath(defect.path or ""),
            defect.kind,
        ),
        remedy=_advice(defect.kind, FilePath(defect.place)),
        path=defect.path,
    )


def _advice(kind: StoreKind, place: FilePath) -> Text:
    """How to get at what is in such a store."""
    if kind in _OTHER_WAYS:
        return Text(_OTHER_WAYS[kind])
    scan = Command("blobfix", "scan", place)
    one_image = Command("blobfix", "to-registry-tree", place, *["--select", "DIGEST", "-n", "NAME:TAG", "-o", "ROOT"])
    match kind:
        case StoreKind.UNKNOWN:
            return Text(_READ_BLOBS, scan)
        case StoreKind.CONTAINERD:
            return Text(_READ_CONTAINERD, scan, one_image)
        case StoreKind.QUAY | StoreKind.ARTIFACTORY | StoreKind.NEXUS:
            return Text(_READ_WITHOUT_NAMES, scan, one_image)
    return Text(_READ, scan, Command("blobfix", "to-registry-tree", place, "-o", "ROOT"))


RULE: Final = Rule(
    code="BF509",
    name="not-registry-storage",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="the folder given to repair-tree is another kind of store",
    explanation=Explanation(
        meaning=(
            "Images are stored in many ways: OCI layouts, docker save, ollama, containerd, docker, podman, zot, "
            "Quay, Nexus and Artifactory all have folders of blobs, and an object store keeps each file of a "
            "registry as a folder of its own. Only the storage of registry:2 and its successors has links and data "
            "where repair-tree looks for them."
        ),
        origin=(
            "The folder isn't the one that is mounted at /var/lib/registry, or the registry keeps its data in a "
            "bucket, and this is the object store's disk."
        ),
        remedy=(
            "It says what the store is and how it knows, and changes nothing, even with --apply. A tree that doesn't "
            "begin at docker/registry/v2 is treated as a registry's only if one of its repositories has links under "
            "_layers or _manifests."
        ),
        advice=(
            "Other commands read most of these stores: blobfix scan says what is in them, and to-registry-tree "
            "writes a registry's storage from them. Copy an object store's bucket through the store, never from its "
            "disk."
        ),
    ),
    on_tree=OnTree(observe, (NotRegistryStorage,)),
)
