"""Reading what repairs make, to see whether it is the blob; nothing is read twice."""

from __future__ import annotations

from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.inspection.examiner import Examiner
from importer.places.address import Address


class Prover:
    """Knows what addresses make."""

    def __init__(self, examiner: Examiner) -> None:
        self._examiner = examiner
        self._made: dict[tuple[Address, str, int], Digest | None] = {}

    def proves(self, recipe: Address, descriptor: Descriptor) -> bool:
        """Whether a recipe makes the blob; raises ValueError for a digest that can't be checked."""
        algorithm, size = descriptor.digest.algorithm, descriptor.size
        key = (recipe, algorithm, size)
        if key not in self._made:
            self._made[key] = self._examiner.digest_of(recipe, algorithm, size)
        return self._made[key] == descriptor.digest
