"""BF401: a blob that is nowhere in the input."""

from collections.abc import Iterator
from typing import Final

from importer.plan.blobs import BlobPlan, Role
from importer.plan.causes import ContentMissing, Missing
from importer.plan.images import ImagePlan, is_docker_save
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import fetch_again
from importer.words.text import Text

_SAVE_AGAIN: Final = Text("save the image again with docker save, or give a place that has the layer with --borrow")
_LEARN_NAME: Final = Text("download manifest.json, which names the file, and then that file")


def find(case: Case) -> Iterator[Observation]:
    """Every wanted blob that no file is, or was meant to be."""
    for image, blob, _ in blobs_with(case, Missing):
        yield Observation(
            Text(
                "{} is missing: no file here has the digest {}{}",
                whereabouts(image, blob),
                blob.descriptor.digest,
                _named_by(image, blob),
            ),
            remedy=Text("{}, or give a place that has it with --borrow", fetch_again(blob)),
            digest=blob.descriptor.digest,
            image=image,
        )
    for image, blob, _ in blobs_with(case, ContentMissing):
        yield Observation(
            Text(
                "{} is missing: no file here has the content {} that the config wants",
                whereabouts(image, blob),
                blob.diff_id,
            ),
            remedy=_SAVE_AGAIN if is_docker_save(image) else _LEARN_NAME,
            path=blob.file_path,
            digest=blob.diff_id,
            image=image,
        )


def _named_by(image: ImagePlan, blob: BlobPlan) -> Text:
    return Text(", which {} names", image.proofs[0]) if blob.role is Role.MANIFEST and image.proofs else Text("")


RULE: Final = Rule(
    code="BF401",
    name="blob-missing",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="a wanted blob is nowhere in the input",
    explanation=Explanation(
        meaning=(
            "The manifest lists a config or a layer, or the index.json of an OCI layout or a tag of a registry's "
            "storage names a manifest, and no file in the input has its digest, under any name. No damaged copy of "
            "it was found either."
        ),
        origin=(
            "The file was missed when the folder was saved, its download never started, or Artifactory's clean-up "
            "job removed it from the server."
        ),
        remedy="It adds the blob to the download list, with its name, size and location.",
        advice=(
            "Download the file from the folder that has manifest.json. Layers are often shared: the folder of "
            "another tag, or of an image with the same base, may have it too; give such a folder with --borrow."
        ),
    ),
    on_download=find,
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
