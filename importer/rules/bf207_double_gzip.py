"""BF207: compressed once more than it should be."""

from collections.abc import Iterator
from typing import Final

from importer.plan.blobs import BlobPlan
from importer.plan.causes import CompressedAgain
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with, observation, safety_of
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import file_of, undoing
from importer.words.text import Text


def find(case: Case) -> Iterator[Observation]:
    """Every blob that was found inside of a compressed file."""
    for image, blob, cause in blobs_with(case, CompressedAgain):
        yield observation(
            image,
            blob,
            Text(
                "{} is {}, compressed with {} {}",
                file_of(blob),
                whereabouts(image, blob),
                cause.compression,
                _times(blob),
            ),
            undoing(
                blob,
                cause,
                Text("the outer compression is removed; the content has the digest {}", blob.descriptor.digest),
            ),
            safety_of(blob),
        )


def _times(blob: BlobPlan) -> Text:
    wrappings = sum(isinstance(cause, CompressedAgain) for cause in (blob.cause, *blob.earlier))
    return Text("once more") if wrappings == 1 else Text("{} times more", wrappings)


RULE: Final = Rule(
    code="BF207",
    name="double-gzip",
    severity=Severity.WARNING,
    fix=Safety.SAFE,
    summary="the blob was gzipped once more",
    explanation=Explanation(
        meaning=("The file is the blob, compressed once too often. Inside, the blob itself is unchanged."),
        origin=(
            "A server or proxy compresses what it sends (Content-Encoding: gzip), and Firefox, curl without "
            "--compressed and other programs save it without unpacking. Or someone gzipped the file to send it."
        ),
        remedy="It unpacks the file once; the digest proves that the result is the blob.",
        advice="Nothing needs to be done. For the next download, curl --compressed -fL -O removes the outer gzip.",
    ),
    on_download=find,
    causes=(CompressedAgain,),
)
