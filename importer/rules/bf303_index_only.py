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
            "{} is only the list of {}; the images themselves lie in other folders "
            "beside the tag's folder, and none of them is here",
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
    summary="a list of platforms (list.manifest.json) without any of the images in it",
    explanation=Explanation(
        meaning=(
            "The image exists for several platforms, that is kinds of machine such as linux/amd64 and linux/arm64. "
            "What is here is only the list of them, the index, also called manifest list; "
            "the images themselves, with their layers, are missing."
        ),
        origin=(
            "Artifactory keeps only list.manifest.json in the tag's folder. Each platform's image lies in a folder "
            "of its own beside that, named after its digest: sha256:<hex> in local repositories, "
            "sha256__<hex> in the caches of remote ones. Whoever saves the tag's folder gets the list and nothing else."
        ),
        remedy="It names the folder of each platform in both spellings.",
        advice=(
            "Go up one level in Artifactory's tree and download the folder of the platform you need, or all of them. "
            "Most servers and PCs are linux/amd64. On Windows let the folder be called sha256__ or sha256-, "
            "since a colon isn't allowed there; blobfix understands all spellings."
        ),
    ),
    on_download=find,
)
