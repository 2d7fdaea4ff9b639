"""BF407: the description of how an image was built isn't here."""

from collections.abc import Iterator
from typing import Final

from importer.plan.causes import AttestationMissing
from importer.plan.titles import title_of
from importer.rules.blobs import blobs_with, observation
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.words.text import Text


def find(case: Case) -> Iterator[Observation]:
    """Every attestation that an index lists and that isn't here, and all that a list of referrers names in vain."""
    for image, blob, _ in blobs_with(case, AttestationMissing):
        what = "what refers to an image" if image.referrers_tags else "an attestation (platform unknown/unknown)"
        yield observation(
            image,
            blob,
            Text("{} lists {}, {}, which isn't here", title_of(image), what, blob.descriptor.digest),
            Text("the images run without it"),
        )


RULE: Final = Rule(
    code="BF407",
    name="attestation-missing",
    severity=Severity.INFO,
    fix=Safety.NONE,
    summary="an attestation, listed as unknown/unknown, or a listed signature isn't here",
    explanation=Explanation(
        meaning=(
            "In addition to the images for real platforms, the index lists an entry for the platform "
            "unknown/unknown. It is an attestation: a record of how an image was built and what is in it; nothing in "
            "it runs. Or an index with the tag sha256-<hex> lists a signature, an SBOM or the like that refers to "
            "the image with that digest."
        ),
        origin=(
            "docker buildx (BuildKit) adds attestations to everything it builds, but they are rarely pulled, so a "
            "remote repository in Artifactory often doesn't have them."
        ),
        remedy="It continues without it: the image is the same, and the index keeps its digest.",
        advice=(
            "Nothing needs to be done unless you verify the origin of images (docker scout, cosign); then also "
            "download that digest's folder."
        ),
    ),
    on_download=find,
    causes=(AttestationMissing,),
    symptoms=("failed to get stream processor for application/vnd.in-toto+json",),
)
