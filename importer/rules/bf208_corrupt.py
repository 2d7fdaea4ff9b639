"""BF208: as many bytes as there should be, but not the right ones."""

from collections.abc import Iterator
from typing import Final

from importer.plan.blobs import Role
from importer.plan.causes import Corrupt
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with, observation
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import edited_config_way, fetch_again, file_of
from importer.words.text import Count, Size, Text


def find(case: Case) -> Iterator[Observation]:
    """Every blob of which there is a damaged copy of full size."""
    for image, blob, cause in blobs_with(case, Corrupt):
        where = Text("; decoding fails at byte {}", Count(cause.broken_at)) if cause.broken_at is not None else ""
        edited = edited_config_way(image) if blob.role is Role.CONFIG else Text("")
        size = blob.descriptor.size
        has_size = Text("has the size of {}, {}, but", whereabouts(image, blob), Size(size))
        again = Text("{}, from the first byte; resuming would keep the damage{}", fetch_again(blob), edited)
        yield observation(
            image,
            blob,
            Text(
                "{} {} the digest {} instead of {}{}",
                file_of(blob),
                has_size if size else Text("should be {}, but has", whereabouts(image, blob)),
                cause.actual,
                blob.descriptor.digest,
                where,
            ),
            again if size else fetch_again(blob),
            Safety.UNSAFE if edited else None,
        )


RULE: Final = Rule(
    code="BF208",
    name="corrupt",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="the right size, but some bytes are wrong",
    explanation=Explanation(
        meaning=(
            "The file has the right size but the wrong digest (the fingerprint of its bytes): some of its bytes were "
            "changed. A single wrong bit makes a layer unusable."
        ),
        origin=(
            "A download was resumed at the wrong place or from another version of the file, a USB stick, disk or "
            "memory is failing, or a text-mode transfer changed characters. Docker reports the same for its own "
            "storage when its disk is damaged."
        ),
        remedy=(
            "It says where decoding fails, if it does, and adds the blob to the download list. It can't know the "
            "original bytes."
        ),
        advice=(
            "Delete the file and download it again; don't resume (use curl without -C -), because that keeps the "
            "wrong bytes. If the new file is damaged too, download it on another machine or network, and check the "
            "disk."
        ),
    ),
    on_download=find,
    causes=(Corrupt,),
    symptoms=(
        "filesystem layer verification failed for digest sha256:…",
        'file integrity checksum failed for "…"',
        "flate: corrupt input before offset …",
        "gzip: invalid checksum",
        "zlib: invalid checksum",
        "invalid stored block lengths",
        "crc error",
    ),
)
