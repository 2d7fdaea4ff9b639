"""BF216: a resumed download with too much in its middle."""

from collections.abc import Iterator
from typing import Final

from importer.plan.causes import OverlappingPieces
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with, observation, safety_of
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import file_of, undoing
from importer.words.text import Size, Text


def find(case: Case) -> Iterator[Observation]:
    """Every blob that was found in a file with a surplus in its middle."""
    for image, blob, cause in blobs_with(case, OverlappingPieces):
        where = Text("at byte {}", f"{cause.start:,}")
        if cause.message is None:
            surplus = Text("the {} {} are repeated", Size(cause.extra), where)
        else:
            said = Text(" that says “{}”", cause.message) if cause.message else Text("")
            surplus = Text("{} {} are a server's message{}", Size(cause.extra), where, said)
        used = Text("they are left out; the rest has the digest {}", blob.descriptor.digest)
        yield observation(
            image,
            blob,
            Text("{} is {}, but {}", file_of(blob), whereabouts(image, blob), surplus),
            undoing(blob, cause, used),
            safety_of(blob),
        )


RULE: Final = Rule(
    code="BF216",
    name="overlapping-pieces",
    severity=Severity.WARNING,
    fix=Safety.SAFE,
    summary="a resumed download repeats a range, or has a server's message in its middle",
    explanation=Explanation(
        meaning=(
            "All bytes of the blob are in the file, in the right order, but there are too many: a range is in it "
            "twice, or an error message stands between two parts."
        ),
        origin=(
            "The connection broke and the download was resumed. The client asked for bytes that it already had, or "
            "appended the server's error page (502 Bad Gateway, a login page) before it tried again."
        ),
        remedy="It leaves the surplus out while reading the file; the digest proves that the rest is the blob.",
        advice=(
            "Nothing needs to be done now. Next time, resume with curl -fL -C - -O: -f keeps error pages out of the "
            "file. blobfix pull and blobfix complete check every range that they resume."
        ),
    ),
    on_download=find,
    causes=(OverlappingPieces,),
)
