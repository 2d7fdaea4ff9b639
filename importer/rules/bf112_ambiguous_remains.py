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
            "{}, a damaged {} file of {}, may be what is left of {} missing blobs, and nothing tells of which: {}{}",
            FilePath(fact.file.path),
            fact.kind,
            Size(fact.size),
            len(remains.digests) + remains.more,
            possible,
            more,
        ),
        remedy=Text(
            "download each of them into a file of its own, from its first byte on; a download that goes on from "
            "this file spoils it unless it's the right one. blobfix complete tries it for each, without changing it"
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
    summary="a damaged file that may be the beginning of several missing blobs belongs to none of them",
    explanation=Explanation(
        meaning=(
            "Several layers are missing, and a file is here that is only the beginning of a layer, or has wrong bytes "
            "in it. It has lost its name, and it would fit more than one of them, so it is counted as none of them."
        ),
        origin=(
            "A browser saved an interrupted download under a name of its own (download (7).bin, "
            "Unconfirmed 123.crdownload), or someone renamed the file, and more than one layer was never saved."
        ),
        remedy=(
            "It names all the blobs that the file may be, and prints no command that would go on from the file. "
            "blobfix complete asks the server for a few bytes, so as to see whether the file is the beginning of a "
            "blob, and copies it if it is; the file itself stays as it is."
        ),
        advice=(
            "Download the missing layers anew, or let blobfix complete do it. If you know which layer the file is, "
            "give it that layer's name (sha256__ and 64 hex digits) and scan again. "
            "Don't resume onto it with curl -C -: onto the wrong file that makes a file of two halves."
        ),
    ),
    on_download=find,
)
