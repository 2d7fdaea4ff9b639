"""BF214: base64 or another coding around the blob."""

from collections.abc import Iterator
from typing import Final

from importer.plan.causes import TransferEncoded
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with, observation, safety_of
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import file_of, undoing
from importer.words.text import Text


def find(case: Case) -> Iterator[Observation]:
    """Every blob that was found in a coding."""
    for image, blob, cause in blobs_with(case, TransferEncoded):
        yield observation(
            image,
            blob,
            Text("{} is {}, encoded: {}", file_of(blob), whereabouts(image, blob), cause.coding),
            undoing(blob, cause, Text("it is decoded; the result has the digest {}", blob.descriptor.digest)),
            safety_of(blob),
        )


RULE: Final = Rule(
    code="BF214",
    name="transfer-encoded",
    severity=Severity.WARNING,
    fix=Safety.SAFE,
    summary="the blob is encoded as base64, hexadecimal digits, chunks or the like",
    explanation=Explanation(
        meaning=(
            "The file holds the whole blob, but in a coding that some program used on the way: base64, hexadecimal "
            "digits, quoted-printable, percent encoding, or the chunks in which HTTP and S3 send data, each behind "
            "its size."
        ),
        origin=(
            "E-mail, JSON APIs and copying through a terminal need base64 or hexadecimal digits. Chunks remain when "
            "a proxy or a tool saves the raw response, and when an S3 client's signed upload (aws-chunked) reaches a "
            "server that doesn't know it."
        ),
        remedy="It decodes the file while reading it; the digest proves that the result is the blob.",
        advice=(
            "Nothing needs to be done now. Next time, download with curl -fL -O, and don't use --raw; update an "
            "object store or proxy that saved signed chunks, because every file uploaded that way is affected."
        ),
    ),
    on_download=find,
    causes=(TransferEncoded,),
)
