"""BF401: a blob that is nowhere in the input."""

from collections.abc import Iterator
from typing import Final

from importer.plan.blobs import BlobPlan, Role
from importer.plan.causes import ContentMissing, Missing
from importer.plan.images import ImagePlan, is_docker_save
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import blobs_with, fetch_again, whereabouts

_SAVE_AGAIN: Final = "save the image again with docker save, or name a place that has the layer with --borrow"


def find(case: Case) -> Iterator[Observation]:
    """Every wanted blob that no file is, or was meant to be."""
    for image, blob, _ in blobs_with(case, Missing):
        yield Observation(
            f"{whereabouts(image, blob)} is missing: no file here has the digest {blob.descriptor.digest}"
            f"{_named_by(image, blob)}",
            remedy=f"{fetch_again(blob)}, or name a place that has it with --borrow",
            digest=blob.descriptor.digest,
            image=image,
        )
    for image, blob, _ in blobs_with(case, ContentMissing):
        yield Observation(
            f"{whereabouts(image, blob)} is missing: no file here has the content {blob.diff_id} that the config wants",
            remedy=_SAVE_AGAIN
            if is_docker_save(image)
            else "download manifest.json, which names the file, and then the file",
            path=blob.path,
            digest=blob.diff_id,
            image=image,
        )


def _named_by(image: ImagePlan, blob: BlobPlan) -> str:
    return f", which {image.proofs[0]} names" if blob.role is Role.MANIFEST and image.proofs else ""


RULE: Final = Rule(
    code="BF401",
    name="blob-missing",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="a blob is wanted, and nowhere in the input",
    explanation=Explanation(
        meaning=(
            "The manifest lists a config or a layer, or the index.json of an OCI layout or a tag of a registry's "
            "storage names a manifest, and no file of the input has its digest, under whatever name. "
            "Nothing was found that could have been it either."
        ),
        origin=(
            "The file was overlooked when the folder was saved, its download never started, or Artifactory's "
            "clean-up job has removed it from the server."
        ),
        remedy="It puts the blob on the list of what to download, with its name, its size and where it lies.",
        advice=(
            "Download the file from the folder in which manifest.json lies. Layers are often shared: the folder of "
            "another tag of the same image, or of an image with the same base, may hold it too; name such a place "
            "with --borrow."
        ),
    ),
    find=find,
    causes=(Missing, ContentMissing),
    symptoms=(
        "blob unknown to registry",
        "unknown blob",
        "content digest …: not found",
        "BLOB_UNKNOWN",
        "Binary provider has no content",
        "Some layer tarfiles are missing in the tarball",
    ),
)
