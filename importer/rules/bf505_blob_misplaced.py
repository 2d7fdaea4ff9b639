"""BF505: a blob under a path that isn't its digest's."""

from typing import Final

from importer.rules.registry_answers import UNSEEN, internal_error
from importer.rules.rule import Explanation, Observation, OnTree, Rule, Safety, Severity
from importer.storage_tree.defects import BlobMisplaced
from importer.words.text import FilePath, Size, Text


def observe(defect: BlobMisplaced) -> Observation:
    """Say where it is and where it belongs."""
    place = "where another blob should be" if defect.is_inside_another else "where no registry looks for it"
    return Observation(
        Text(
            "blob {} ({}) is at {}, {}; {}",
            defect.digest,
            Size(defect.size),
            FilePath(defect.path or ""),
            place,
            _answer(defect),
        ),
        remedy=Text("it is moved to the path that its own digest gives"),
        path=defect.path,
        digest=defect.digest,
    )


def _answer(defect: BlobMisplaced) -> Text:
    path, digest = defect.path or "", defect.digest
    if defect.is_replaced:
        return UNSEEN
    if digest and path.endswith(f"/{digest.hex[:2]}/{digest.hex}"):
        return internal_error(Text("each request for it"), "stat …/data: not a directory")
    return Text("each request for it is answered with 404 BLOB_UNKNOWN or MANIFEST_UNKNOWN")


RULE: Final = Rule(
    code="BF505",
    name="blob-misplaced",
    severity=Severity.ERROR,
    fix=Safety.SAFE,
    summary="a blob isn't at the path that its digest gives",
    explanation=Explanation(
        meaning=(
            "A registry finds a blob by its digest alone: blobs/sha256/<first two digits>/<hex>/data. This file "
            "holds the right bytes, as its digest proves, but is at another path."
        ),
        origin=(
            "A script created the folders: the folder of the first two digits is wrong or missing, the digest is in "
            "upper case or includes a file name, or there is a file in place of a folder with data."
        ),
        remedy="With --apply it is moved to the path that its own digest gives. The bytes are not touched.",
        advice="Run repair-tree with --apply.",
    ),
    on_tree=OnTree(observe, (BlobMisplaced,)),
    symptoms=(
        "stat …/data: not a directory",
        "blob path should not be a directory",
    ),
)
