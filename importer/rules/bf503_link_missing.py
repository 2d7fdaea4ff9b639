"""BF503: a link that should be there and isn't."""

from typing import Final

from importer.rules.registry_answers import NOTHING, request_for, unknown
from importer.rules.rule import Explanation, Observation, OnTree, Rule, Safety, Severity
from importer.storage_tree.defects import LayersFolderMissing, LinkMissing
from importer.storage_tree.tree import LinkRole
from importer.words.text import Text, listed


def observe(defect: LinkMissing | LayersFolderMissing) -> Observation:
    """Say which link lacks, who needs it, and what comes of it."""
    if isinstance(defect, LayersFolderMissing):
        return Observation(
            Text(
                "repository {} has no folder _layers; registry 2.8 leaves it out of its catalog "
                "and collects its blobs as garbage, and registry 3 ends its collection there",
                defect.repository,
            ),
            remedy=Text("the folder is created"),
        )
    return Observation(
        Text(
            "{} of repository {} isn't there, though {} {}; {}",
            _what(defect),
            defect.repository,
            defect.because,
            "is" if defect.because else "its blob is",
            _answer(defect),
        ),
        remedy=_remedy(defect),
        path=defect.path,
        digest=defect.digest,
    )


def _what(defect: LinkMissing) -> Text:
    tag = defect.tag or ""
    match defect.role:
        case LinkRole.LAYER:
            return Text("the layer link {}", defect.digest)
        case LinkRole.REVISION:
            return Text("the revision link {}", defect.digest)
        case LinkRole.CURRENT:
            return Text("the current link of tag {}", tag)
    return Text("the index link of tag {} to {}", tag, defect.digest)


def _answer(defect: LinkMissing) -> Text:
    if defect.role is LinkRole.INDEX:
        return NOTHING
    answer = unknown(request_for(defect), defect.role)
    if defect.role is LinkRole.LAYER:
        return Text("{}, while the manifest is served", answer)
    return Text("{}, and garbage collection removes what only this would keep", answer)


def _remedy(defect: LinkMissing) -> Text:
    if defect.steps:
        return Text("the link is written: {}", defect.digest)
    again = "push the image again, or remove the tag's folder"
    if len(defect.candidates) == 1:
        named = Text("a folder in it is named {}, a manifest that isn't here", defect.candidates[0])
        return Text("{}: give a place that has it with --blobs, {}", named, again)
    told = Text(", only that it was one of {}", listed(defect.candidates, 3)) if defect.candidates else None
    return Text("the tree doesn't show which manifest the tag names{}; {}", told, again)


RULE: Final = Rule(
    code="BF503",
    name="link-missing",
    severity=Severity.ERROR,
    fix=Safety.SAFE,
    summary="a link that the tree needs is missing",
    explanation=Explanation(
        meaning=(
            "A repository serves a blob only when it has a link to it, even if the blob is in the storage. "
            "Each layer, each config, each manifest, each manifest that an index names, and each tag needs one."
        ),
        origin=(
            "A tree was assembled by hand or copied only in part. The children of an index are often forgotten: they "
            "need their own links, or the next garbage collection removes their layers."
        ),
        remedy=(
            "It derives the link from what needs it: a manifest's references, an index's children, a tag and the "
            "manifests it has named. With --apply it is written, layers first and tags last."
        ),
        advice="Run repair-tree with --apply before the next garbage collection.",
    ),
    on_tree=OnTree(observe, (LinkMissing, LayersFolderMissing)),
    symptoms=(
        "unknown manifest name=… revision=…",
        "unknown tag=…",
        "Path not found: …/_layers",
    ),
)
