"""What images and their blobs are called in messages."""

from __future__ import annotations

from importer.plan.blobs import BlobPlan, Role
from importer.plan.images import ImagePlan
from importer.words.text import Position, Text, joined


def title_of(image: ImagePlan) -> str:
    """What to call an image: its name, else its manifest digest, or that of the manifest whose referrers it lists.

    The digest stands behind the repository where that is known, as docker writes an image without a tag.
    """
    if image.names:
        return str(image.names[0])
    if image.repository:
        return f"{image.repository}@{image.manifest.descriptor.digest.short}"
    if image.referrers_tags:
        algorithm, _, hexes = image.referrers_tags[0].partition("-")
        return f"the list of referrers of {algorithm}:{hexes[:12]}"
    return f"{image.kind} {image.manifest.descriptor.digest.short}"


def label_of(image: ImagePlan, blob: BlobPlan) -> Text:
    """What the blob is in the image: ``layer 3 of 7``."""
    if blob.position is None:
        return Text(str(blob.role))
    # They are in order, and the last one tells their number: a hostile image has thousands.
    last = next(other for other in reversed(image.blobs) if other.role is blob.role)
    return Text("{} {}", blob.role, Position(blob.position + 1, (last.position or 0) + 1))


def whereabouts(image: ImagePlan, blob: BlobPlan) -> Text:
    """How the blob is reached: ``layer 3 of 7 · linux/amd64 · team/app:1.4``."""
    label = label_of(image, blob) if blob.position is not None else Text(f"the {blob.role}")
    platform = blob.descriptor.platform if blob.role is Role.CHILD else image.platform
    return joined(" · ", (label, *(str(part) for part in (platform, *image.names[:1]) if part)))
