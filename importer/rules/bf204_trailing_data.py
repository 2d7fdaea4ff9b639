"""BF204: the blob, and more after it."""

from collections.abc import Iterator
from typing import Final

from importer.plan.causes import TrailingData
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with, observation, safety_of
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import file_of, undoing
from importer.words.text import Size, Text


def find(case: Case) -> Iterator[Observation]:
    """Every blob that was found at the beginning of a longer file."""
    for image, blob, cause in blobs_with(case, TrailingData):
        yield observation(
            image,
            blob,
            Text("{} holds {} and {} after it", file_of(blob), whereabouts(image, blob), Size(cause.extra)),
            undoing(
                blob,
                cause,
                Text(
                    "the first {} are used; they have the digest {}", Size(blob.descriptor.size), blob.descriptor.digest
                ),
            ),
            safety_of(blob),
        )


RULE: Final = Rule(
    code="BF204",
    name="trailing-data",
    severity=Severity.WARNING,
    fix=Safety.SAFE,
    summary="the blob, and more bytes after it",
    explanation=Explanation(
        meaning="The file begins with the whole blob, and other bytes follow that don't belong to it.",
        origin=(
            "A complete download was resumed, which appended an error message or a second copy; a tool padded the "
            "file with zeros to a round size; or a virus scanner or proxy added something."
        ),
        remedy=(
            "It uses as many of the first bytes as the manifest says, and the digest proves that they are the blob. "
            "The file itself isn't changed."
        ),
        advice="Nothing needs to be done. If it happens again, check what resumes complete downloads.",
    ),
    on_download=find,
    causes=(TrailingData,),
    symptoms=("gzip: invalid header",),
)
