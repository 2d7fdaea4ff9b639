"""BF404: a blob whose bytes everybody knows."""

from collections.abc import Iterator
from typing import Final

from importer.plan.causes import WellKnown
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import blobs_with, observation, shown, whereabouts


def find(case: Case) -> Iterator[Observation]:
    """Every blob that isn't here and is made from knowledge."""
    for image, blob, cause in blobs_with(case, WellKnown):
        yield observation(
            image,
            blob,
            f"{whereabouts(image, blob)} isn't here, but it is {shown(cause.description)}",
            f"its {blob.descriptor.size:,} bytes are made from knowledge and proven by {blob.descriptor.digest}",
        )


RULE: Final = Rule(
    code="BF404",
    name="well-known-blob",
    severity=Severity.INFO,
    fix=Safety.SAFE,
    summary="a blob isn't here, but its bytes are known: the empty layer, {} and the like",
    explanation=Explanation(
        meaning=(
            "Some blobs are the same in countless images: a layer without a single file, or the two characters {} "
            "where a config should stand. Their few bytes are known, so nobody needs to download them."
        ),
        origin=(
            "Artifactory seems to make the empty layer sha256:a3ed95ca… only when docker asks for it, "
            "so it often can't be downloaded as a file."
        ),
        remedy="It writes the bytes itself, and the digest proves that they are the right ones.",
        advice="Nothing needs to be done.",
    ),
    find=find,
    causes=(WellKnown,),
)
