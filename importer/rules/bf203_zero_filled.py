"""BF203: full size, but zeros from some point on."""

from collections.abc import Iterator
from typing import Final

from importer.plan.blobs import BlobPlan
from importer.plan.causes import ZeroFilled
from importer.plan.images import ImagePlan
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with, observation
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import fetch_again, file_of
from importer.words.text import Count, Size, Text


def find(case: Case) -> Iterator[Observation]:
    """Every blob whose end was never written."""
    for image, blob, cause in blobs_with(case, ZeroFilled):
        if not blob.descriptor.size:
            yield _of_unknown_size(image, blob, cause)
            continue
        zeros = blob.descriptor.size - cause.zeros_from
        yield observation(
            image,
            blob,
            Text(
                "{} has the size of {}, but from byte {} on there are only zeros, {} of {}",
                file_of(blob),
                whereabouts(image, blob),
                Count(cause.zeros_from),
                Size(zeros),
                Size(blob.descriptor.size),
            ),
            Text(
                "{}; to resume instead, first cut off the zeros in a copy (truncate -s {})",
                fetch_again(blob),
                cause.zeros_from,
            ),
        )


def _of_unknown_size(image: ImagePlan, blob: BlobPlan, cause: ZeroFilled) -> Observation:
    return observation(
        image,
        blob,
        Text(
            "{} should be {}, but from byte {} on there are only zeros",
            file_of(blob),
            whereabouts(image, blob),
            Count(cause.zeros_from),
        ),
        fetch_again(blob),
    )


RULE: Final = Rule(
    code="BF203",
    name="zero-filled",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="full size, but only zeros from some offset on: a preallocated download",
    explanation=Explanation(
        meaning=(
            "The file looks complete, since it has the right size. But its end was never filled in: "
            "from some point on it holds nothing but zeros."
        ),
        origin=(
            "Download managers and torrent-like tools reserve the whole file first and fill it afterwards; this "
            "download stopped partway. A crash or a full disk during writing has the same result."
        ),
        remedy="It says at which byte the zeros begin and adds the blob to the download list.",
        advice=(
            "Continue the download in the program that started it, or download the file again. To resume with curl "
            "-fL -C - -O, first cut off the zeros in a copy (truncate -s), because curl goes by the file's size."
        ),
    ),
    on_download=find,
    causes=(ZeroFilled,),
)
