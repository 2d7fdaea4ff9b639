"""BF406: some platforms of an index are here, others aren't."""

from collections.abc import Iterator
from typing import Final

from importer.plan.causes import PlatformMissing
from importer.plan.titles import title_of
from importer.rules.blobs import blobs_with, observation
from importer.rules.platforms import has_no_image
from importer.rules.rule import Case, Explanation, Observation, OnTree, Rule, Safety, Severity
from importer.storage_tree.defects import ChildMissing
from importer.words.text import Text


def find(case: Case) -> Iterator[Observation]:
    """Every platform that isn't here while others of the same index are."""
    told = {image.manifest.descriptor.digest for image in case.plan.images if has_no_image(image)}
    for image, blob, _ in blobs_with(case, PlatformMissing):
        if image.manifest.descriptor.digest in told:
            continue
        digest = blob.descriptor.digest
        wanted = blob.descriptor.platform
        platform = wanted.with_version if wanted else "an unnamed platform"
        yield observation(
            image,
            blob,
            Text("{} is also made for {}, and that image isn't here", title_of(image), platform),
            Text(
                "if you need it, download the folder {}/ or {}/ next to the tag's folder; otherwise choose a "
                "platform that is here with --platform",
                digest,
                digest.file_name,
            ),
        )


def observe(defect: ChildMissing) -> Observation:
    """Say what is answered for the platform."""
    return Observation(
        Text(
            "an index of {} names manifest {} "
            "({}), which isn't here; the index is served, and the request "
            "for that platform's manifest is answered with 404 MANIFEST_UNKNOWN",
            defect.repository,
            defect.digest,
            defect.platform or "no platform given",
        ),
        remedy=Text("give a place that has it with --blobs, or push that platform too"),
        path=defect.path,
        digest=defect.digest,
    )


RULE: Final = Rule(
    code="BF406",
    name="platform-missing",
    severity=Severity.WARNING,
    fix=Safety.NONE,
    summary="the image for one of an index's platforms isn't here",
    explanation=Explanation(
        meaning=(
            "The image exists for several platforms, such as linux/amd64 and linux/arm64, and the list of them, the "
            "index, is here. The image for at least one platform isn't."
        ),
        origin=(
            "Artifactory keeps each platform in its own folder, so people download only those they need; and a "
            "remote repository has only the platforms that someone has pulled."
        ),
        remedy=(
            "With --platform, it writes one complete platform as an image of its own; with --sparse, the index "
            "together with the platforms that are here. It never removes an entry from the index, because that would "
            "change its digest."
        ),
        advice=(
            "If the platforms that are here are all you need, choose one with --platform, such as --platform "
            "linux/amd64. Otherwise download the folders named in the finding."
        ),
    ),
    on_download=find,
    on_tree=OnTree(observe, (ChildMissing,)),
    causes=(PlatformMissing,),
    symptoms=(
        "no matching manifest for … in the manifest list entries",
        "no match for platform in manifest …: not found",
        "image might be filtered out",
    ),
)
