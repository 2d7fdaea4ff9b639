"""BF409: a digest that can't be computed here."""

from collections.abc import Iterator
from typing import Final

from importer.plan.causes import UnsupportedDigest
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import blobs_with, file_of, observation, shown, whereabouts


def find(case: Case) -> Iterator[Observation]:
    """Every blob that is wanted by a digest of an algorithm that can't be checked."""
    for image, blob, _ in blobs_with(case, UnsupportedDigest):
        digest = blob.descriptor.digest
        content = f"; the content of {file_of(blob)} is right by its diff_id" if blob.content else ""
        yield observation(
            image,
            blob,
            f"{whereabouts(image, blob)} is wanted by a {shown(digest.algorithm)} digest, "
            f"and only sha256 and sha512 can be checked here: {shown(str(digest))}{content}",
            "have the image pushed with sha256 digests, which every registry understands",
        )


RULE: Final = Rule(
    code="BF409",
    name="unsupported-digest",
    severity=Severity.WARNING,
    fix=Safety.NONE,
    summary="a digest algorithm that can't be checked here",
    explanation=Explanation(
        meaning=(
            "A digest is a fingerprint of a blob's bytes, computed by the algorithm that is named before the colon. "
            "Almost everybody uses sha256, some sha512. This one is of another kind, such as blake3, "
            "and blobfix can't compute it."
        ),
        origin="The image was made with a new or experimental tool; the image specification allows further algorithms.",
        remedy=(
            "It doesn't take a blob that it can't prove, even if a file has the right name. "
            "Everything else about the image is checked as usual."
        ),
        advice="Ask those who built the image to push it with sha256 digests; old registries need that anyway.",
    ),
    find=find,
    causes=(UnsupportedDigest,),
    symptoms=("unsupported digest algorithm",),
)
