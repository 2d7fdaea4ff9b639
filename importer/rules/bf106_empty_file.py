"""BF106: no bytes where a blob should be."""

from collections.abc import Iterator
from typing import Final

from importer.domain.digest import Digest
from importer.plan.blobs import BlobPlan
from importer.plan.causes import Empty
from importer.plan.titles import whereabouts
from importer.recovery.documents.lost_manifests import lost_manifests
from importer.rules.blobs import blobs_with, observation
from importer.rules.files import severity_of_lost
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import fetch_again, file_of
from importer.words.text import FilePath, Size, Text


def find(case: Case) -> Iterator[Observation]:
    """Every blob, and every manifest, of which there is only an empty file."""
    for image, blob, _ in blobs_with(case, Empty):
        yield observation(
            image,
            blob,
            Text("{} is empty; it should be {}, {}", file_of(blob), whereabouts(image, blob), _wanted(blob)),
            fetch_again(blob),
        )
    for fact in lost_manifests(case.inventory, case.plan):
        if not fact.size:
            yield Observation(
                Text("{} is empty, and its folder has no other manifest", FilePath(fact.file.path)),
                remedy=Text("download it again, for instance with curl -fL -O: -L follows redirects"),
                path=fact.file.path,
                digest=fact.digest,
                severity=severity_of_lost(case, fact),
            )


def _wanted(blob: BlobPlan) -> Size | Digest:
    return Size(blob.descriptor.size) if blob.descriptor.size else blob.descriptor.digest


RULE: Final = Rule(
    code="BF106",
    name="empty-file",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="zero bytes where a blob should be",
    explanation=Explanation(
        meaning="The file has the right name but no content. No layer, config or manifest is ever empty.",
        origin=(
            "The download failed before its first byte: curl without -L saves nothing when the server redirects it, "
            "Firefox creates an empty file next to its .part file, a full disk leaves only empty files, and some "
            "proxies answer with an empty page where they should report an error."
        ),
        remedy="It adds the blob to the download list, with its real size.",
        advice=(
            "Download the file again. With curl, use curl -fL -O: -L follows redirects, and -f makes curl fail "
            "instead of saving an error page."
        ),
    ),
    on_download=find,
    causes=(Empty,),
    symptoms=(
        "unexpected commit digest sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855, expected …",
    ),
)
