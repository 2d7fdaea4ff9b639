"""BF214: base64 or another coding around the blob."""

from collections.abc import Iterator
from typing import Final

from importer.formats.transfer_codings.coding import RECODINGS
from importer.plan.blobs import BlobPlan
from importer.plan.causes import Embedded, TransferEncoded
from importer.plan.images import ImagePlan
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with, observation, safety_of
from importer.rules.files import archive_observation, decoded_archives
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
    for image, blob, embedded in blobs_with(case, Embedded):
        decoded = Text("it is decoded; the result has the digest {}", blob.descriptor.digest)
        yield observation(image, blob, _where(image, blob, embedded), decoded)
    for path, coding in decoded_archives(case).items():
        if coding not in RECODINGS:
            yield archive_observation(path, "encoded", coding)


def _where(image: ImagePlan, blob: BlobPlan, cause: Embedded) -> Text:
    what = whereabouts(image, blob)
    if cause.document:
        return Text("{} is {}, which holds {} in base64", file_of(blob), cause.document, what)
    return Text("no file is {}, but the descriptor in the manifest holds it in base64 (data)", what)


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
            "its size. A manifest can hold small blobs itself, in base64 in a descriptor's data, and the output of "
            "docker manifest inspect -v holds the manifest, as Raw."
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
    causes=(TransferEncoded, Embedded),
)
