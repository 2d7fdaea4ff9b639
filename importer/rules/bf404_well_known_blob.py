"""BF404: a blob whose bytes everybody knows."""

from collections.abc import Iterator
from typing import Final

from importer.plan.causes import WellKnown
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with, observation
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.words.text import Count, Text


def find(case: Case) -> Iterator[Observation]:
    """Every blob that isn't here and is made from knowledge."""
    for image, blob, cause in blobs_with(case, WellKnown):
        yield observation(
            image,
            blob,
            Text("{} isn't here, but it is {}", whereabouts(image, blob), cause.description),
            Text(
                "its {} bytes are built in and proven by {}",
                Count(blob.descriptor.size),
                blob.descriptor.digest,
            ),
        )


RULE: Final = Rule(
    code="BF404",
    name="well-known-blob",
    severity=Severity.INFO,
    fix=Safety.SAFE,
    summary="a blob isn't here, but its bytes are known: the empty layer, {} and the like",
    explanation=Explanation(
        meaning=(
            "Some blobs are the same in countless images: a layer without a single file, or the two characters {} in "
            "place of a config. Their bytes are known, so they don't have to be downloaded."
        ),
        origin=(
            "Artifactory seems to create the empty layer sha256:a3ed95ca… only when docker asks for it, so it often "
            "can't be downloaded as a file."
        ),
        remedy="It writes the bytes itself, and the digest proves that they are right.",
        advice="Nothing needs to be done.",
    ),
    on_download=find,
    causes=(WellKnown,),
)
