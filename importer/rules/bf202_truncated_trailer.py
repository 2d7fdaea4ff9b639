"""BF202: only the end of the gzip trailer is gone."""

from collections.abc import Iterator
from typing import Final

from importer.plan.causes import TruncatedTrailer
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with, observation, safety_of
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import file_of, undoing
from importer.words.text import Size, Text

_CUT: Final = "{} lacks only the last {} of {}, a part of gzip's checksum and size"
_WRONG: Final = "{} has wrong values in the {} of gzip's checksum and size, but all other bytes of {}"


def find(case: Case) -> Iterator[Observation]:
    """Every blob that was completed by computing the end of its trailer."""
    for image, blob, cause in blobs_with(case, TruncatedTrailer):
        yield observation(
            image,
            blob,
            Text(_WRONG if cause.is_wrong else _CUT, file_of(blob), Size(cause.missing), whereabouts(image, blob)),
            undoing(
                blob,
                cause,
                Text("they are computed from the content; the result has the digest {}", blob.descriptor.digest),
            ),
            safety_of(blob),
        )


RULE: Final = Rule(
    code="BF202",
    name="truncated-trailer",
    severity=Severity.WARNING,
    fix=Safety.SAFE,
    summary="only (part of) the 8-byte gzip trailer is missing or wrong",
    explanation=Explanation(
        meaning=(
            "A gzip file ends with eight bytes, the trailer: a checksum and the size of the content. Only some of "
            "these are missing or wrong; the content itself is complete."
        ),
        origin=(
            "The download was interrupted within its last bytes, a copy lost the end of the file, or a program filled "
            "or overwrote the end."
        ),
        remedy=(
            "It computes the missing bytes from the content and uses them in the output. The digest proves that the "
            "result is the original, byte for byte."
        ),
        advice="Nothing needs to be done. If it happens to several files, check how you download them.",
    ),
    on_download=find,
    causes=(TruncatedTrailer,),
)
