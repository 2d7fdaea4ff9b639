"""BF509: a store that isn't a registry's, given to be mended as one."""

import shlex
from typing import Final

from importer.rules.rule import Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import shown
from importer.storage_tree.defects import NotRegistryStorage
from importer.storage_tree.foreign_stores import StoreKind

_READ: Final = (
    "blobfix scan {place} tells what is in it; blobfix to-registry-tree {place} -o ROOT writes a registry's storage "
    "from it"
)
_READ_WITHOUT_NAMES: Final = (
    "blobfix scan {place} tells what can be recovered from its files; names are in its database, so write a registry's "
    "storage with blobfix to-registry-tree {place} --select DIGEST -n NAME:TAG -o ROOT, or pull from it while it runs"
)
_ADVICE: Final = {
    StoreKind.OBJECT_STORE: (
        "go through the store: copy the bucket into a folder with its own client (mc mirror STORE/BUCKET FOLDER, "
        "aws s3 sync s3://BUCKET FOLDER), and run blobfix repair-tree FOLDER; what is mended goes back the same way"
    ),
    StoreKind.CONTAINERD: (
        "blobfix scan {place} tells what is in it; blobfix to-registry-tree {place} --select DIGEST -n NAME:TAG "
        "-o ROOT writes a registry's storage; while containerd runs, ctr images export does with names"
    ),
    StoreKind.REGISTRY_V1: (
        "run the old registry over it (docker-registry 0.9), pull its images with a docker older than 17.12, "
        "and push them to a registry:2"
    ),
    StoreKind.DOCKER: (
        "its layers lie unpacked: start docker over it (dockerd --data-root FOLDER), and docker push or "
        "docker save what you need; blobfix reads what docker save wrote"
    ),
    StoreKind.PODMAN: (
        "its layers lie unpacked: podman --root FOLDER images lists what is in it, and podman push or "
        "podman save gets it out; blobfix reads what podman save wrote"
    ),
    StoreKind.QUAY: _READ_WITHOUT_NAMES,
    StoreKind.ARTIFACTORY: _READ_WITHOUT_NAMES,
    StoreKind.NEXUS: _READ_WITHOUT_NAMES,
    StoreKind.UNKNOWN: (
        "give the folder that is mounted at /var/lib/registry, in which docker/registry/v2 begins; "
        "if this was one, its links are lost: blobfix scan {place} tells which images its blobs still make"
    ),
}


def observe(defect: NotRegistryStorage) -> Observation:
    """Say what it is, what tells so, and how to get at what is in it."""
    advice = _ADVICE.get(defect.kind, _READ).format(place=shown(shlex.quote(defect.place)))
    return Observation(
        f"{shown(defect.path or '')} tells that this is {defect.kind}, and no registry's storage: "
        "mending it as one would move and set aside what its owner needs where it is",
        remedy=advice,
        path=defect.path,
    )


RULE: Final = Rule(
    code="BF509",
    name="not-registry-storage",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="what was given to repair-tree is another kind of store",
    explanation=Explanation(
        meaning=(
            "Images are stored in many ways: OCI layouts, docker save, ollama, containerd, docker, podman, zot, Quay, "
            "Nexus and Artifactory all have folders of blobs, and an object store keeps each file of a registry as a "
            "folder of its own. Only the storage of registry:2 and its descendants has links and data where "
            "repair-tree looks for them."
        ),
        origin=(
            "Another folder was given than the one that is mounted at /var/lib/registry, or the registry keeps its "
            "data in a bucket, and this is the disk below that."
        ),
        remedy=(
            "It says what it is and what tells so, and leaves everything as it is, with --apply, too. A tree that "
            "begins elsewhere than at docker/registry/v2 is taken for a registry's only if there are links "
            "below _layers or _manifests of one of its repositories."
        ),
        advice=(
            "Other commands read most of these stores: blobfix scan says what is in them, and to-registry-tree "
            "writes a registry's storage from them. The bucket of an object store is copied out through the store, "
            "never from its disk."
        ),
    ),
    defects=(NotRegistryStorage,),
    observe=observe,
)
