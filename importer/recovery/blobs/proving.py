"""Following recipes to see what they make; no recipe is followed twice."""

from __future__ import annotations

from collections.abc import Callable

from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.plan.recipe_blocks import digest_made
from importer.plan.recipes import Recipe, files_of


class Prover:
    """Knows what recipes make; ``advance`` is told of the bytes that are read for that."""

    def __init__(self, advance: Callable[[int], None]) -> None:
        self._advance = advance
        self._made: dict[tuple[object, ...], Digest | None] = {}

    def proves(self, recipe: Recipe, descriptor: Descriptor) -> bool:
        """Whether a recipe makes the blob; raises ValueError for a digest that can't be checked."""
        algorithm, size = descriptor.digest.algorithm, descriptor.size
        # Files that came to light beneath one another share their path; only the object tells them apart.
        key = (recipe, *map(id, files_of(recipe)), algorithm, size)
        if key not in self._made:
            self._made[key] = digest_made(recipe, algorithm, size, self._advance)
        return self._made[key] == descriptor.digest
