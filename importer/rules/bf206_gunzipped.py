"""BF206: a layer's content without the compression it should have."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from importer.recovery.causes import Gunzipped
from importer.recovery.plan import BlobPlan, ImagePlan
from importer.rules.rule import Case, Certainty, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import blobs_with, fetch_again, file_of, observation, whereabouts


def find(case: Case) -> Iterator[Observation]:
    """Every layer that is here only as its content."""
    for image, blob, cause in blobs_with(case, Gunzipped):
        yield _proven(image, blob, cause) if cause.proven else _guessed(image, blob)


def _proven(image: ImagePlan, blob: BlobPlan, cause: Gunzipped) -> Observation:
    form = "packed in another way than the manifest wants" if cause.repacked else "without its compression"
    return observation(
        image,
        blob,
        f"{file_of(blob)} is {whereabouts(image, blob)}, {form}: "
        f"its content is {blob.diff_id}, the config's diff_id for this layer",
        "a docker tar is exact with it, image id included; a registry tree or OCI layout gets a new manifest digest "
        f"and needs --allow-new-digest; for the original, move this file away and {fetch_again(blob)}",
    )


def _guessed(image: ImagePlan, blob: BlobPlan) -> Observation:
    doubt = f"its digest isn't {blob.diff_id}, the config's diff_id" if blob.diff_id else "no config proves it"
    guess = observation(
        image,
        blob,
        f"{file_of(blob)} looks like {whereabouts(image, blob)} without its gzip compression, but {doubt}",
        f"move this file away and {fetch_again(blob)} with curl -fL -O, which doesn't unpack it",
        safety=Safety.NONE,
    )
    # The file's name ties it to the layer; nothing says that its bytes ever were the layer's.
    return replace(guess, certainty=Certainty.INFERRED)


RULE: Final = Rule(
    code="BF206",
    name="gunzipped",
    severity=Severity.WARNING,
    fix=Safety.SAFE,
    summary="the layer's raw tar, without the compression that its digest was made of",
    explanation=Explanation(
        meaning=(
            "The layer's content is here, but not in the compressed form that the manifest lists, so its digest is "
            "another. The image's config also knows the digest of the unpacked content, the diff_id, "
            "and that proves the content to be right."
        ),
        origin=(
            "Browsers such as Chrome, Brave and Safari unpack a download by themselves when the server marks it with "
            "Content-Encoding: gzip, and some download tools do the same. Well-meaning people do it by hand."
        ),
        remedy=(
            "It puts the plain content into a docker tar, and docker gives the image the same id as the original. "
            "It can't compress it back into the very same bytes, so a registry tree, an OCI layout or a push "
            "needs --allow-new-digest: the image is the same, its manifest digest is new."
        ),
        advice=(
            "For docker load, just go on. Where the digest must stay (images pinned by digest, signatures), "
            "move the file away and download the layer again with curl -fL -O, or another program that doesn't "
            "unpack it."
        ),
    ),
    find=find,
    causes=(Gunzipped,),
    symptoms=("error verifying sha256 checksum",),
)
