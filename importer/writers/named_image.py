"""What writers are given."""

from __future__ import annotations

from dataclasses import dataclass

from importer.domain.reference import Reference
from importer.recovery.plan import ImagePlan


@dataclass(frozen=True, slots=True)
class NamedImage:
    """An image and the names under which it is to be written."""

    plan: ImagePlan
    names: tuple[Reference, ...]
