"""What a repair is given and what it proposes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from importer.domain.descriptor import Descriptor
from importer.inspection.examiner import Examiner
from importer.inspection.file_facts import FileFacts
from importer.places.address import Address
from importer.plan.causes import Cause
from importer.recovery.blobs.candidates import Candidates


@dataclass(frozen=True, slots=True)
class Wanted:
    """A blob that no file is, and the files that may have been it.

    Attributes:
        descriptor: what is wanted.
        candidates: files that nothing else claims.
        is_document: whether the blob is a JSON document.
        examiner: looks closer at candidates.
    """

    descriptor: Descriptor
    candidates: Candidates
    is_document: bool
    examiner: Examiner


@dataclass(frozen=True, slots=True)
class Attempt:
    """A recipe that may make the blob, and what would then have happened to it.

    Attributes:
        recipe: how to make the bytes.
        cause: what had happened.
        file: the file to show for it.
        is_proven: whether the digest of the result is known to be the wanted one already.
    """

    recipe: Address
    cause: Cause
    file: FileFacts
    is_proven: bool = False


class Repair(Protocol):
    """A way of mending a file."""

    def __call__(self, wanted: Wanted) -> Iterator[Attempt]:
        """Propose recipes whose result could be the wanted blob, going by sizes and facts, the likeliest first.

        Each repair makes its index over the candidates once and takes from it what may be this blob's; it never
        goes through all of them for each blob.
        """
        ...
