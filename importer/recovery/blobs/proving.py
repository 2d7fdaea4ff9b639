"""Reading what a repair makes, to see whether it is the blob."""

from __future__ import annotations

from dataclasses import dataclass

from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.inspection.examiner import Examiner
from importer.places.address import Address
from importer.work.task import Tools


@dataclass(frozen=True, slots=True)
class TryRecipe:
    """Read what a recipe makes, as far as the ``size`` (bytes) that is wanted."""

    recipe: Address
    algorithm: str
    size: int

    @classmethod
    def of(cls, recipe: Address, wanted: Descriptor) -> TryRecipe:
        """Try a recipe for a blob."""
        return cls(recipe, wanted.digest.algorithm, wanted.size)

    def carry_out(self, tools: Tools) -> Digest | None:
        """Give the digest; None when the recipe makes more or fewer bytes, or none at all."""
        return Examiner(tools).digest_of(self.recipe, self.algorithm, self.size)
