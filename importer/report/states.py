"""How states of blobs are shown: words, marks, and short labels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from importer.domain.platform import Host
from importer.plan.blobs import BlobPlan, BlobStatus, InvalidBlob, LostBlob
from importer.plan.causes import ContentMissing
from importer.plan.fidelity import ImageStatus, status_of
from importer.plan.images import ImagePlan, Proof
from importer.plan.titles import title_of
from importer.rules.rule import Case
from importer.words.text import Size

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

PROOFS: Final = {
    Proof.PROVEN: "proven",
    Proof.PLAUSIBLE: "unproven",
    Proof.ALTERED: "altered: its digest has changed",
}
"""How far a manifest's digest can be trusted."""

_WORST_FIRST: Final = (ImageStatus.INCOMPLETE, ImageStatus.REPAIRABLE, ImageStatus.INTACT)


def worst_first(images: Iterable[ImagePlan], host: Host) -> list[ImagePlan]:
    """The images, those that need help before those that don't; else in their order."""
    return sorted(images, key=lambda image: _WORST_FIRST.index(status_of(image, host)))


def worst_state(case: Case) -> ImageStatus | None:
    """The state of the worst image, or of what could not be read and may be one; None when there is no image."""
    if any(unread.matters for unread in case.unread):
        return ImageStatus.INCOMPLETE
    states = {status_of(image, case.host) for image in case.plan.images}
    return next((state for state in _WORST_FIRST if state in states), None)


class Titles:
    """What to call images beside others."""

    def __init__(self, images: Iterable[ImagePlan]) -> None:
        self._by_digest = {image.manifest.descriptor.digest: image for image in images}

    def of(self, image: ImagePlan) -> str:
        """Its title; a child without a name is called by an index that lists it, too."""
        parent = next((self._by_digest[digest] for digest in image.parents if digest in self._by_digest), None)
        return f"{title_of(image)} of {title_of(parent)}" if parent and not image.names else title_of(image)


def short_size(blob: BlobPlan) -> str:
    """The size of a blob in two or three digits, for columns: ``2.8 MB``; where nothing tells it, ``?``."""
    is_damaged = isinstance(blob, LostBlob | InvalidBlob)
    if isinstance(blob.cause, ContentMissing) or (is_damaged and not blob.descriptor.size):
        return "?"
    return Size(blob.descriptor.size).short
