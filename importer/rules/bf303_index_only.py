"""BF303: a list of platforms without any of them."""

from collections.abc import Iterator
from typing import Final

from importer.plan.blobs import BlobPlan
from importer.plan.images import ImagePlan
from importer.plan.titles import title_of
from importer.rules.platforms import absent_images, has_no_image
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.words.text import Text, joined


def find(case: Case) -> Iterator[Observation]:
    """Every index none of whose images is here."""
    for image in case.plan.images:
        if has_no_image(image):
            yield _observed(image)


def _observed(image: ImagePlan) -> Observation:
    children = absent_images(image)
    count = "one platform" if len(children) == 1 else Text("{} platforms", len(children))
    return Observation(
        Text(
            "{} is only the index of {}; the images themselves are in other folders next to the tag's folder, and "
            "none of them is here",
            title_of(image),
            count,
        ),
        remedy=Text(
            "download the folder of the platform you need: {}. "
            "If it's on your disk already, give blobfix the folder above the tag's folder",
            joined("; ", map(_folders, children)),
        ),
        path=image.manifest.file_path,
        digest=image.manifest.descriptor.digest,
        image=image,
    )


def _folders(child: BlobPlan) -> Text:
    digest = child.descriptor.digest
    platform = child.descriptor.platform or "platform not given"
    return Text("{}: {}/ or {}/", str(platform), digest, digest.file_name)


RULE: Final = Rule(
    code="BF303",
    name="index-only",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="an index (list.manifest.json) without any of its images",
    explanation=Explanation(
        meaning=(
            "The image exists for several platforms, such as linux/amd64 and linux/arm64. Only the list of them, the "
            "index (or manifest list), is here; the images themselves, with their layers, are missing."
        ),
        origin=(
            "Artifactory keeps only list.manifest.json in the tag's folder. Each platform's image is in its own "
            "folder next to it, named after its digest: sha256:<hex> in local repositories, sha256__<hex> in the "
            "caches of remote ones. Saving the tag's folder gets you only the index."
        ),
        remedy="It names the folder of each platform in both spellings.",
        advice=(
            "Go up one level in Artifactory's tree and download the folder of the platform you need, or all of them. "
            "Most servers and PCs are linux/amd64. On Windows, name the folder sha256__ or sha256-, because colons "
            "aren't allowed there; blobfix accepts all spellings."
        ),
    ),
    on_download=find,
)
