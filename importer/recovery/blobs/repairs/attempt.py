"""What a repair is given and what it proposes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from importer.domain.descriptor import Descriptor
from importer.inspection.file_facts import FileFacts
from importer.plan.causes import Cause
from importer.plan.recipes import Recipe
from importer.recovery.blobs.leftovers import Leftovers


@dataclass(frozen=True, slots=True)
class Wanted:
    """A blob that no file is, and the files that may have been it.

    Attributes:
        descriptor: what is wanted.
        candidates: files that nothing else claims.
        is_document: whether the blob is a JSON document.
    """

    descriptor: Descriptor
    candidates: Leftovers
    is_document: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """A recipe that may make the blob, and what would then have happened to it.

    Attributes:
        recipe: how to make the bytes.
        cause: what had happened.
        file: the file to show for it.
        is_proven: whether the digest of the result is known to be the wanted one already.
    """

    recipe: Recipe
    cause: Cause
    file: FileFacts
    is_proven: bool = False


class Repair(Protocol):
    """A way of mending a file."""

    def __call__(self, wanted: Wanted) -> Iterator[Attempt]:
        """Propose recipes whose result could be the wanted blob, going by sizes and facts, the likeliest first.

        Each repair sorts the candidates once and takes out of its drawers what may be this blob's; it never
        goes through all of them for each blob.
        """
        ...
