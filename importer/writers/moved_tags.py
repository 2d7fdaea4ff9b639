"""Tags that name another image already where they are to be written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from importer.domain.digest import Digest
from importer.domain.reference import Reference
from importer.errors import UsageError


@dataclass(frozen=True, slots=True)
class MovedTag:
    """A name that is to leave the manifest ``before`` for another one, ``now``."""

    name: Reference
    before: Digest
    now: Digest

    def __str__(self) -> str:
        return f"{self.name} named {self.before} before"


def demand_replaceable(moved: Sequence[MovedTag], *, replace_tags: bool) -> None:
    """Raise UsageError, which names each tag, when tags would move and none of them may."""
    if moved and not replace_tags:
        raise UsageError(
            f"{listed_in_full(moved)}; --replace-tags lets "
            f"{'the tag' if len(moved) == 1 else 'these tags'} name the new image, {moved[0].now}"
            f"{'' if len(moved) == 1 else ' and so on'}; to keep both, use another name or tag"
        )


def listed_in_full(moved: Iterable[MovedTag]) -> str:
    """All of them: each is an image that would lose its name."""
    return ", ".join(map(str, moved))
