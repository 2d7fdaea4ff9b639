"""How states of blobs are shown: words, marks, and short labels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from importer.recovery.plan import BlobPlan, BlobStatus, ImagePlan, ImageStatus

MARKS: Final = {
    BlobStatus.OK: ("✔", "+"),
    BlobStatus.REPAIRED: ("✚", "*"),
    BlobStatus.CONTENT_OK: ("✚", "*"),
    BlobStatus.MISSING: ("✖", "x"),
    BlobStatus.DAMAGED: ("✖", "x"),
}
"""A mark for each state, and one in ASCII."""

STATES: Final = {
    BlobStatus.OK: "ok",
    BlobStatus.REPAIRED: "repaired",
    BlobStatus.CONTENT_OK: "content ok",
    BlobStatus.MISSING: "missing",
    BlobStatus.DAMAGED: "damaged",
}
"""A word for each state."""


_ORDER: Final = (ImageStatus.INCOMPLETE, ImageStatus.REPAIRABLE, ImageStatus.INTACT)


def worst_first(images: Iterable[ImagePlan]) -> list[ImagePlan]:
    """The images, those that need help before those that don't; else in their order."""
    return sorted(images, key=lambda image: _ORDER.index(image.status))


def label_of(image: ImagePlan, blob: BlobPlan) -> str:
    """What the blob is in the image: ``layer 3 of 7``."""
    if blob.position is None:
        return str(blob.role)
    return f"{blob.role} {blob.position + 1} of {sum(other.role is blob.role for other in image.blobs)}"


def short_size(size: int) -> str:
    """A size in three digits or so, for columns."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size //= 1000
    return f"{size} {unit}"
