"""BF203: full size, but zeros from some point on."""

from collections.abc import Iterator
from typing import Final

from importer.plan.causes import ZeroFilled
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import blobs_with, bytes_of, fetch_again, file_of, observation, whereabouts


def find(case: Case) -> Iterator[Observation]:
    """Every blob whose end was never written."""
    for image, blob, cause in blobs_with(case, ZeroFilled):
        zeros = blob.descriptor.size - cause.zeros_from
        yield observation(
            image,
            blob,
            f"{file_of(blob)} has the size of {whereabouts(image, blob)}, but from byte {cause.zeros_from:,} on "
            f"there are only zeros, {bytes_of(zeros)} of {bytes_of(blob.descriptor.size)}",
            f"{fetch_again(blob)}; to resume instead, cut the zeros off a copy first (truncate -s {cause.zeros_from})",
        )


RULE: Final = Rule(
    code="BF203",
    name="zero-filled",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="full size, but zeros from some offset on: a preallocated download",
    explanation=Explanation(
        meaning=(
            "The file looks complete, since it has the right size. But its end was never filled in: "
            "from some point on it holds nothing but zeros."
        ),
        origin=(
            "Download managers and torrent-like tools reserve the whole file first and fill it afterwards; "
            "this one stopped on the way. A crash or a full disk while a file is written leaves the same picture."
        ),
        remedy="It says from which byte on there are only zeros and puts the blob on the list of what to download.",
        advice=(
            "Continue the download in the program that began it, or download the file anew. To resume with "
            "curl -fL -C - -O, first cut the zeros off a copy (truncate -s), since curl goes by the file's size."
        ),
    ),
    find=find,
    causes=(ZeroFilled,),
)
