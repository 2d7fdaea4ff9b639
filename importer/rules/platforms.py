"""What rules ask about an index: which images of it are missing altogether."""

from __future__ import annotations

from importer.plan.blobs import BlobPlan
from importer.plan.causes import AttestationMissing, PlatformMissing
from importer.plan.images import ImageIndex, ImagePlan


def absent_images(index: ImagePlan) -> tuple[BlobPlan, ...]:
    """The children that are images and of which nothing is here."""
    return tuple(blob for blob in index.blobs if isinstance(blob.cause, PlatformMissing))


def has_no_image(index: ImagePlan) -> bool:
    """Whether an index that lists images comes without any trace of them."""
    if not isinstance(index, ImageIndex):
        return False
    attestations = {child.manifest.descriptor.digest for child in index.children if _is_attestation(child)}
    images = [
        blob
        for blob in index.blobs
        if not isinstance(blob.cause, AttestationMissing) and blob.descriptor.digest not in attestations
    ]
    return bool(images) and len(images) == len(absent_images(index))


def _is_attestation(child: ImagePlan) -> bool:
    return bool(child.platform and child.platform.is_unknown)
