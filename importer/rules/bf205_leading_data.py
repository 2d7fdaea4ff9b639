"""BF205: bytes before the blob."""

from collections.abc import Iterator
from typing import Final

from importer.plan.blobs import RepairedBlob
from importer.plan.causes import LeadingData
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with, observation, safety_of
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import file_of, undoing
from importer.words.text import Size, Text


def find(case: Case) -> Iterator[Observation]:
    """Every blob that was found behind other bytes."""
    for image, blob, cause in blobs_with(case, LeadingData):
        start = Text(", beginning with “{}”", cause.start) if cause.start else ""
        after = Text(" and {} after it", Size(cause.after)) if cause.after else ""
        seen = Text("{} has {} before {}{}{}", file_of(blob), Size(cause.extra), whereabouts(image, blob), start, after)
        if isinstance(blob, RepairedBlob) or cause in blob.earlier:
            digest = blob.descriptor.digest
            used = Text("only the blob's {} are used; they have the digest {}", Size(blob.descriptor.size), digest)
            yield observation(image, blob, seen, undoing(blob, cause, used), safety_of(blob))
        else:
            yield observation(
                image,
                blob,
                Text("{}; no known digest proves the rest", seen),
                Text(
                    "a docker tar is exact anyway; give the manifest's digest with --digest to have it used for a "
                    "registry tree or OCI layout"
                ),
                safety=Safety.NONE,
            )


RULE: Final = Rule(
    code="BF205",
    name="leading-data",
    severity=Severity.WARNING,
    fix=Safety.SAFE,
    summary="bytes before the blob, such as saved HTTP headers",
    explanation=Explanation(
        meaning="The whole blob is in the file, but something else comes before it.",
        origin=(
            "curl -i saves the server's answer with its headers (HTTP/1.1 200 OK and so on), "
            "and scripts sometimes write a line of their own into the file before the download starts."
        ),
        remedy=(
            "It finds where the blob begins and uses it from there; the digest proves that this is the right part. "
            "The file itself isn't changed."
        ),
        advice="Nothing needs to be done now. Next time, leave out curl's -i: curl -fL -O is enough.",
    ),
    on_download=find,
    causes=(LeadingData,),
)
