"""BF502: a link where no registry looks for it."""

from typing import Final

from importer.domain.digest import Digest
from importer.rules.registry_answers import blob_request, internal_error, manifest_request, request_for, unknown
from importer.rules.rule import Explanation, Observation, OnTree, Rule, Safety, Severity
from importer.storage_tree.defects import LinkMisplaced, RepositoryMisnamed
from importer.storage_tree.tree import LinkRole
from importer.words.text import FilePath, Text

_FOLDERS: Final = {
    LinkRole.LAYER: "_layers",
    LinkRole.REVISION: "_manifests/revisions",
    LinkRole.CURRENT: "the tag's folder current",
    LinkRole.INDEX: "the tag's folder index",
}


def observe(defect: LinkMisplaced | RepositoryMisnamed) -> Observation:
    """Say where it is, where it belongs, and what comes of it."""
    if isinstance(defect, RepositoryMisnamed):
        return _observe_repository(defect)
    return Observation(
        Text(
            "the link {} is where no registry looks for it: it leads to a {}; {}",
            FilePath(defect.path or ""),
            _what(defect),
            _answer(defect),
        ),
        remedy=Text("a link is written at the right place in {}, and this one is set aside", _FOLDERS[defect.belongs]),
        path=defect.path,
        digest=defect.digest,
    )


def _what(defect: LinkMisplaced) -> str:
    return "layer or config" if defect.belongs is LinkRole.LAYER else "manifest"


def _answer(defect: LinkMisplaced) -> Text:
    if defect.is_flat:
        return internal_error(request_for(defect), "open …/current/link: not a directory")
    if defect.belongs is LinkRole.LAYER:
        answer = unknown(blob_request(defect.repository, defect.digest), LinkRole.LAYER)
        return answer + _collection(defect) if defect.role is LinkRole.REVISION else answer
    answer = unknown(_request_for_manifest(defect), LinkRole.REVISION)
    if defect.role is LinkRole.LAYER:
        return Text("{} by registry 3; 2.8 serves it (200)", answer)
    return answer


def _request_for_manifest(defect: LinkMisplaced) -> Text:
    digest: Digest | None = defect.digest
    return request_for(defect) if defect.tag else manifest_request(defect.repository, digest)


def _collection(defect: LinkMisplaced) -> str:
    return ", and garbage collection stops at it: unrecognized manifest schema version 0" if defect.digest else ""


def _observe_repository(defect: RepositoryMisnamed) -> Observation:
    name, right = defect.name, defect.right_name
    told = Text("the repository {} can't be requested, because names must be lower case: ", name)
    answers = Text("GET /v2/{}/… is answered with 404 NAME_UNKNOWN or MANIFEST_UNKNOWN", right)
    if defect.clash:
        remedy = Text("decide which image tag {} names: {} and {} say different things", defect.clash, name, right)
    else:
        remedy = Text("its links are written for {}, and the old folder is set aside", right)
    return Observation(told + answers, remedy=remedy, path=defect.path)


RULE: Final = Rule(
    code="BF502",
    name="link-misplaced",
    severity=Severity.ERROR,
    fix=Safety.SAFE,
    summary="a link is where no registry looks for it",
    explanation=Explanation(
        meaning=(
            "Links have fixed places: layers and configs under _layers/sha256/<hex>/link, manifests under "
            "_manifests/revisions/sha256/<hex>/link, a tag's under _manifests/tags/<tag>/current/link. A link at any "
            "other path has no effect."
        ),
        origin=(
            "A script created the folders: sha256/ twice, the config among the manifests (it belongs to the layers), "
            "a link without its digest folder, the digest's folder written sha256:<hex>, a tag that is a file, a "
            "repository with upper-case letters."
        ),
        remedy=(
            "It reads the link, checks whether its target is a manifest, and with --apply writes the link where it "
            "belongs. The old one is set aside, never deleted."
        ),
        advice="Run repair-tree with --apply. To create a new tree, use to-registry-tree.",
    ),
    on_tree=OnTree(observe, (LinkMisplaced, RepositoryMisnamed)),
    symptoms=(
        "unrecognized manifest schema version 0",
        "open …/current/link: not a directory",
        "failed to parse repo name …",
    ),
)
