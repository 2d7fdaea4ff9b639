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
                "{} has the digest of {} and {}, but {} are written there",
                file_of(blob),
                whereabouts(image, blob),
                Size(cause.have),
                Size(blob.descriptor.size),
            ),
            Text("download the manifest that lists it again; if it's the same, the image was pushed wrong"),
        )


RULE: Final = Rule(
    code="BF212",
    name="size-mismatch",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="the digest is right, the descriptor's size isn't",
    explanation=Explanation(
        meaning=(
            "A descriptor is the entry with which a manifest points at a blob: its kind, its digest and its size. "
            "The file has the digest, so its bytes are right beyond doubt, but the size that is written there is wrong."
        ),
        origin=(
            "The manifest was edited by hand or by a script that kept the old number, or it was written by a program "
            "that counted the size of something else."
        ),
        remedy=(
            "It tells both sizes and doesn't write the image: registries and clients compare the sizes "
            "and refuse it. Correcting the number would make another manifest with another digest."
        ),
        advice="Download manifest.json again. If it is the same, have the image pushed anew by those who built it.",
    ),
    on_download=find,
    causes=(SizeMismatch,),
    symptoms=("Content-Length header … does not match expected size …",),
)
