"""Cut files that by their names are one blob, and by their bytes the beginning of another one.

Names may be swapped, and a download that goes on from such a file makes half of one blob and half of another. It
shows where the other blob is here, whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from importer.domain.digest import Digest
from importer.inspection.examiner import Examiner
from importer.inspection.file_facts import FileFacts
from importer.places.address import Address, Part
from importer.plan.blobs import BlobPlan, DamagedBlob, MissingBlob, PresentBlob
from importer.plan.causes import DigestMismatch, Missing, PartialDownload, Truncated
from importer.plan.images import ImageIndex, ImagePlan
from importer.recovery.blobs.candidates import MOST_TRIED
from importer.recovery.blobs.proving import TryRecipe
from importer.work.executor import Executor
from importer.work.rounds import Search, in_rounds

_TELLING: Final = 512
"""First bytes in which two blobs differ, unless they begin with the same files; fewer tell nothing."""

_Owners = Mapping[Address, Digest]


def settle_swapped_beginnings(images: Sequence[ImagePlan], executor: Executor) -> tuple[ImagePlan, ...]:
    """Take files that are the beginning of a blob that is here whole away from the blobs they were taken for.

    Args:
        images: all images, as far as proofs, names and sizes have explained their blobs.
        executor: reads as much of a whole blob that begins alike as the file has.
    """
    examiner = Examiner(executor.tools)
    blobs = [blob for image in images for blob in _blobs_of(image)]
    cut = {blob.file.file.address: blob.file for blob in blobs if isinstance(blob, DamagedBlob) and _is_beginning(blob)}
    if not cut:
        return tuple(images)
    whole = _by_first_bytes((blob for blob in blobs if isinstance(blob, PresentBlob)), examiner)
    found = in_rounds((_owner_of(fact, whole, examiner) for fact in cut.values()), executor, "Comparing beginnings")
    owners = {address: owner for address, owner in zip(cut, found, strict=True) if owner}
    return tuple(_settled(image, owners) for image in images) if owners else tuple(images)


def _blobs_of(image: ImagePlan) -> Iterator[BlobPlan]:
    yield from image.blobs
    for child in image.children if isinstance(image, ImageIndex) else ():
        yield from _blobs_of(child)


def _is_beginning(blob: DamagedBlob) -> bool:
    return isinstance(blob.cause, Truncated | PartialDownload) and blob.file.size >= _TELLING


def _by_first_bytes(blobs: Iterable[PresentBlob], examiner: Examiner) -> Mapping[bytes, Sequence[PresentBlob]]:
    found: dict[bytes, list[PresentBlob]] = {}
    for blob in {blob.descriptor.digest: blob for blob in blobs}.values():
        head = examiner.head_of(blob.file.file.address, _TELLING)
        if head:
            found.setdefault(head, []).append(blob)
    return found


def _owner_of(
    fact: FileFacts, whole: Mapping[bytes, Sequence[PresentBlob]], examiner: Examiner
) -> Search[Digest | None]:
    alike = whole.get(examiner.head_of(fact.file.address, _TELLING) or b"", ())
    larger = [blob for blob in alike if blob.file.size > fact.size]
    for blob in larger[:MOST_TRIED]:
        beginning = Part(blob.file.file.address, 0, fact.size)
        if (yield TryRecipe(beginning, fact.digest.algorithm, fact.size)) == fact.digest:
            return blob.descriptor.digest
    return None


def _settled(image: ImagePlan, owners: _Owners) -> ImagePlan:
    image = replace(image, blobs=tuple(_without_beginning(blob, owners) for blob in image.blobs))
    if isinstance(image, ImageIndex):
        return replace(image, children=tuple(_settled(child, owners) for child in image.children))
    return image


def _without_beginning(blob: BlobPlan, owners: _Owners) -> BlobPlan:
    owner = owners.get(blob.file.file.address) if isinstance(blob, DamagedBlob) else None
    if owner is None or not isinstance(blob, DamagedBlob):
        return blob
    if not blob.certain:
        return MissingBlob(blob.wanted, Missing())
    fact = blob.file
    return replace(blob, cause=DigestMismatch(fact.digest, fact.size, fact.kind, beginning_of=owner))
