"""BF409: a digest that can't be computed here."""

from collections.abc import Iterator
from typing import Final

from importer.plan.causes import UnsupportedDigest
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with, observation
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import file_of
from importer.words.text import Text


def find(case: Case) -> Iterator[Observation]:
    """Every blob that is wanted by a digest of an algorithm that can't be checked."""
    for image, blob, _ in blobs_with(case, UnsupportedDigest):
        digest = blob.descriptor.digest
        content = Text("; the content of {} is right by its diff_id", file_of(blob)) if blob.content else ""
        yield observation(
            image,
            blob,
            Text(
                "{} has a {} digest, but only sha256 and sha512 can be checked here: {}{}",
                whereabouts(image, blob),
                digest.algorithm,
                str(digest),
                content,
            ),
            Text("have the image pushed with sha256 digests, which every registry understands"),
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
            "Almost all images use sha256, some sha512. This one uses another algorithm, such as blake3, which "
            "blobfix can't compute."
        ),
        origin="The image was made with a new or experimental tool; the image specification allows further algorithms.",
        remedy=(
            "It doesn't use a blob that it can't prove, even if a file has the right name. Everything else about the "
            "image is checked as usual."
        ),
        advice="Ask the people who built the image to push it with sha256 digests; older registries need that anyway.",
    ),
    on_download=find,
    causes=(UnsupportedDigest,),
    symptoms=("unsupported digest algorithm",),
)
