"""What writers are given."""

from __future__ import annotations

from dataclasses import dataclass

from importer.domain.reference import Reference
from importer.recovery.plan import ImagePlan


@dataclass(frozen=True, slots=True)
class NamedImage:
    """An image and the names under which it is to be written.

    Attributes:
        plan: what is written.
        names: the names; none makes an image without one.
        original: the image as it was found, when what is written has other digests.
        index: the index from which it was picked.
    """

    plan: ImagePlan
    names: tuple[Reference, ...]
    original: ImagePlan | None = None
    index: ImagePlan | None = None
