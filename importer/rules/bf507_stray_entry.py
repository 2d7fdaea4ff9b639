"""BF507: an entry that belongs to nothing."""

from typing import Final

from importer.rules.rule import Explanation, Observation, OnTree, Rule, Safety, Severity
from importer.storage_tree.defects import StrayEntry
from importer.storage_tree.tree import Area
from importer.words.text import FilePath, Text

_ANSWERS: Final = {
    Area.BLOBS: "it is never requested; if it is called data, garbage collection stops at it: invalid checksum digest",
    Area.REPOSITORIES: "it can't be requested; garbage collection may stop at it: failed to parse repo name",
    Area.LAYERS: "it is never requested; if it is called link, registry 3 stops its garbage collection at it",
    Area.REVISIONS: (
        "it is never requested; if it is called link, garbage collection stops at it: invalid checksum digest"
    ),
    Area.TAGS: "tags/list may show it as a tag that is answered with 404 or 500, and garbage-collect -m stops at it",
}


def observe(defect: StrayEntry) -> Observation:
    """Say what a registry may take it for."""
    reason = Text(" ({})", defect.reason) if defect.reason else ""
    return Observation(
        Text("{} belongs to no blob, link or tag{}; {}", FilePath(defect.path or ""), reason, _ANSWERS[defect.area]),
        remedy=Text("it is set aside"),
        path=defect.path,
        digest=defect.digest,
    )


RULE: Final = Rule(
    code="BF507",
    name="stray-entry",
    severity=Severity.WARNING,
    fix=Safety.SAFE,
    summary="an entry of the tree that a registry may take for a tag or a digest",
    explanation=Explanation(
        meaning=(
            "A registry's storage has only blobs, links and uploads. A registry lists folders and treats every name "
            "it finds as a tag, a digest or a repository; any other file confuses it."
        ),
        origin=(
            "File managers leave .DS_Store, Thumbs.db and the like, copy programs and editors leave temporary files "
            "and backups, and scripts write extra links."
        ),
        remedy="With --apply it is moved to .blobfix-set-aside under the root, with the same path. Nothing is lost.",
        advice="Check .blobfix-set-aside afterwards and delete it if you don't need anything in it.",
    ),
    on_tree=OnTree(observe, (StrayEntry,)),
    symptoms=("invalid path …",),
)
