"""What rules ask about blobs: to which of them something happened, and what is seen of one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from importer.plan.blobs import BlobPlan, DamagedBlob, Role
from importer.plan.causes import Cause
from importer.plan.images import ImagePlan
from importer.rules.rule import Case, Certainty, Observation, Safety
from importer.words.text import Text

CauseType = TypeVar("CauseType", bound=Cause)


def blobs_with(case: Case, cause: type[CauseType]) -> Iterator[tuple[ImagePlan, BlobPlan, CauseType]]:
    """Every blob whose state has a cause of this kind, once per image, however often a layer repeats.

    A child that is an image speaks for itself; a file that is what is left of a child doesn't speak
    once more as a manifest of its own.
    """
    own_causes = {image.manifest.descriptor.digest: image.manifest.cause for image in case.plan.images}
    remains = remains_of_children(case)
    for image in case.plan.images:
        seen = set()
        for blob in image.all_blobs:
            found = next((each for each in (blob.cause, *blob.earlier) if isinstance(each, cause)), None)
            if found is None or blob.descriptor.digest in seen:
                continue
            if blob.role is Role.CHILD and own_causes.get(blob.descriptor.digest) == blob.cause:
                continue
            if blob.role is Role.MANIFEST and blob.file_path in remains:
                continue
            seen.add(blob.descriptor.digest)
            yield image, blob, found


def remains_of_children(case: Case) -> frozenset[str]:
    """Paths of the files that an index's damaged child was meant to be."""
    children = (blob for image in case.plan.images for blob in image.blobs if blob.role is Role.CHILD)
    return frozenset(blob.file.file.path for blob in children if isinstance(blob, DamagedBlob))


def observation(
    image: ImagePlan, blob: BlobPlan, message: Text, remedy: Text, safety: Safety | None = None
) -> Observation:
    """What is seen of one blob of an image."""
    return Observation(
        message,
        remedy=remedy,
        path=blob.file_path,
        digest=blob.descriptor.digest,
        image=image,
        certainty=Certainty.PROVEN if blob.certain else Certainty.INFERRED,
        safety=safety,
    )


def safety_of(blob: BlobPlan) -> Safety | None:
    """None, that is the rule's own, for a blob that was mended."""
    return None if blob.is_here or blob.content else Safety.NONE
