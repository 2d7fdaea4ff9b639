"""BF112: a damaged file that may be the beginning of several blobs."""

from collections.abc import Iterator, Mapping
from typing import Final

from importer.domain.digest import Digest
from importer.plan.blobs import BlobPlan
from importer.plan.images import AmbiguousRemains, ImagePlan
from importer.plan.titles import whereabouts
from importer.rules.rule import Case, Certainty, Explanation, Observation, Rule, Safety, Severity
from importer.words.text import FilePath, Size, Text, joined

_Place = tuple[ImagePlan, BlobPlan]


def find(case: Case) -> Iterator[Observation]:
    """Every damaged file that fits several missing layers, with all of these."""
    if not case.plan.ambiguous:
        return
    places: dict[Digest, _Place] = {}
    for image in case.plan.images:
        for blob in image.blobs:
            places.setdefault(blob.descriptor.digest, (image, blob))
    for remains in case.plan.ambiguous:
        yield _observed(remains, places)


def _observed(remains: AmbiguousRemains, places: Mapping[Digest, _Place]) -> Observation:
    fact = remains.file
    possible = joined("; ", (Text("{}, {}", whereabouts(*places[digest]), digest) for digest in remains.digests))
    more = Text("; and {} more", remains.more) if remains.more else None
    found = (places[digest][0] for digest in remains.digests)
    images = {image.manifest.descriptor.digest: image for image in found}
    return Observation(
        Text(
            "{}, a damaged {} file of {}, may be part of any of {} missing blobs: {}{}",
            FilePath(fact.file.path),
            fact.kind,
            Size(fact.size),
            len(remains.digests) + remains.more,
            possible,
            more,
        ),
        remedy=Text(
            "download each of them to a separate file, from the first byte; resuming onto this file would corrupt it "
            "unless it is the right one. blobfix complete tries it for each blob, without changing it"
        ),
        path=fact.file.path,
        digest=fact.digest,
        image=next(iter(images.values())) if len(images) == 1 else None,
        certainty=Certainty.INFERRED,
    )


RULE: Final = Rule(
    code="BF112",
    name="ambiguous-remains",
    severity=Severity.WARNING,
    fix=Safety.NONE,
    summary="a damaged file that may be the beginning of any of several missing blobs",
    explanation=Explanation(
        meaning=(
            "Several layers are missing, and a file here is only the beginning of a layer or has wrong bytes in it. "
            "Its name says nothing, and it could be any of several layers, so it is counted as none of them."
        ),
        origin=(
            "A browser saved an interrupted download under an unrelated name (download (7).bin, Unconfirmed "
            "123.crdownload), or someone renamed the file, and more than one layer was never saved."
        ),
        remedy=(
            "It names all the blobs that the file may be, and prints no command that would resume from it. blobfix "
            "complete asks the server for a few bytes to see whether the file is the beginning of a blob, and copies "
            "it if so; the file itself isn't changed."
        ),
        advice=(
            "Download the missing layers again, or let blobfix complete do it. If you know which layer the file is, "
            "give it that layer's name (sha256__ and 64 hex digits) and scan again. Don't resume onto it with curl "
            "-C -: if it is the wrong file, the result is half of one layer and half of another."
        ),
    ),
    on_download=find,
)
