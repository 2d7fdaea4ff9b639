"""BF212: the right bytes, and a descriptor with the wrong size."""

from collections.abc import Iterator
from typing import Final

from importer.plan.causes import SizeMismatch
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with, observation
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import file_of
from importer.words.text import Size, Text


def find(case: Case) -> Iterator[Observation]:
    """Every blob whose digest is right and whose size isn't what is written of it."""
    for image, blob, cause in blobs_with(case, SizeMismatch):
        yield observation(
            image,
            blob,
            Text(
                "{} has the digest of {} and {}, but the descriptor says {}",
                file_of(blob),
                whereabouts(image, blob),
                Size(cause.have),
                Size(blob.descriptor.size),
            ),
            Text("download the manifest that lists it again; if it's the same, the image was pushed with this mistake"),
        )


RULE: Final = Rule(
    code="BF212",
    name="size-mismatch",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="the digest is right, the descriptor's size isn't",
    explanation=Explanation(
        meaning=(
            "A descriptor is a manifest's entry for a blob: its media type, digest and size. The file has that "
            "digest, so its bytes are certainly right, but the descriptor's size is wrong."
        ),
        origin=(
            "The manifest was edited by hand or by a script that kept the old number, or it was written by a program "
            "that measured something else."
        ),
        remedy=(
            "It shows both sizes and doesn't write the image: registries and clients compare the sizes and refuse "
            "it. Correcting the size would make a different manifest with a different digest."
        ),
        advice="Download manifest.json again. If it is the same, ask the people who built the image to push it again.",
    ),
    on_download=find,
    causes=(SizeMismatch,),
    symptoms=("Content-Length header … does not match expected size …",),
)
