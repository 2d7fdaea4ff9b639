"""BF407: the description of how an image was built isn't here."""

from collections.abc import Iterator
from typing import Final

from importer.recovery.causes import AttestationMissing
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import blobs_with, observation, title_of


def find(case: Case) -> Iterator[Observation]:
    """Every attestation that an index lists and that isn't here."""
    for image, blob, _ in blobs_with(case, AttestationMissing):
        yield observation(
            image,
            blob,
            f"{title_of(image)} lists an attestation (platform unknown/unknown), {blob.descriptor.digest}, "
            "that isn't here",
            "the images run without it",
        )


RULE: Final = Rule(
    code="BF407",
    name="attestation-missing",
    severity=Severity.INFO,
    fix=Safety.NONE,
    summary="an attestation, listed as unknown/unknown, isn't here",
    explanation=Explanation(
        meaning=(
            "Beside the images for real platforms, the index lists an entry for the platform unknown/unknown. It is an "
            "attestation, a record of how an image was built and of what is in it; nothing in it runs."
        ),
        origin=(
            "docker buildx (BuildKit) adds attestations to whatever it builds, and hardly anybody pulls them, "
            "so that a remote repository in Artifactory often doesn't have them."
        ),
        remedy="It goes on without: the image is the same, and the index's digest stays as it is.",
        advice=(
            "Nothing needs to be done, unless you check the origin of images (docker scout, cosign); "
            "then download the folder of that digest too."
        ),
    ),
    find=find,
    causes=(AttestationMissing,),
    symptoms=("failed to get stream processor for application/vnd.in-toto+json",),
)
