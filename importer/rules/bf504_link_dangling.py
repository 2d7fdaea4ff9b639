"""BF504: something points at a blob that isn't there."""

from typing import Final

from importer.rules.registry_answers import blob_request, manifest_request, unknown
from importer.rules.rule import Explanation, Observation, OnTree, Rule, Safety, Severity
from importer.rules.tree_wording import supplied, wanted_by
from importer.storage_tree.defects import LinkDangling
from importer.storage_tree.tree import LinkRole
from importer.words.text import Size, Text


def observe(defect: LinkDangling) -> Observation:
    """Say what is wanted, by whom, and what comes of it."""
    wish = defect.wish
    size = Text(" ({})", Size(wish.size)) if wish.size is not None else ""
    is_manifest = wish.role == "manifest"
    request = manifest_request if is_manifest else blob_request
    role = LinkRole.REVISION if is_manifest else LinkRole.LAYER
    return Observation(
        Text(
            "{} {}{}, {}, isn't among the blobs; {}",
            wish.role,
            defect.digest,
            size,
            wanted_by(wish),
            unknown(request(wish.places[0][0], defect.digest), role),
        ),
        remedy=supplied(defect.steps)
        or Text("give a place that has {} with --blobs, or push the image again", defect.digest),
        path=defect.path,
        digest=defect.digest,
    )


RULE: Final = Rule(
    code="BF504",
    name="link-dangling",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="a link or a manifest points to a missing blob",
    explanation=Explanation(
        meaning=(
            "A link, a tag or a manifest names a digest, and no blob of the storage has it. The registry answers 404 "
            "for it, and every image that needs it can't be pulled."
        ),
        origin=(
            "The storage was copied only in part, a garbage collection ran during a push or on a tree with wrong "
            "links, or files were deleted to free space."
        ),
        remedy=(
            "It looks for the blob in the whole tree, in .blobfix-set-aside and in every place given with --blobs, "
            "repairs it if necessary, and writes it only if its digest is right. Blobs that aren't found are on the "
            "download list."
        ),
        advice=(
            "Give a folder, a download or another tree that may have the blob with --blobs. "
            "Or push the image again from a machine that has it."
        ),
    ),
    on_tree=OnTree(observe, (LinkDangling,)),
    symptoms=("Path not found: …/data",),
)
