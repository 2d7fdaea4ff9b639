"""Which blobs are wanted and not in their places, and by whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from importer.domain.digest import Digest
from importer.storage_tree.defects import Wish
from importer.storage_tree.documents import Need

_MAX_PLACES: Final = 20
"""Repositories that are remembered for one blob: a base layer may lack in thousands."""


@dataclass(frozen=True, slots=True)
class Wants:
    """Collects wishes.

    Attributes:
        needs: the descriptor of each blob that has one.
        lacking: of every repository that lacks something, what it lacks.
    """

    needs: dict[Digest, Need] = field(default_factory=dict)
    lacking: dict[str, set[Digest]] = field(default_factory=dict)
    _roles: dict[Digest, str] = field(default_factory=dict)
    _places: dict[Digest, list[tuple[str, str]]] = field(default_factory=dict)

    def add(self, digest: Digest, need: Need | None, role: str, repository: str, tag: str) -> None:
        """Someone wants a blob that isn't in its place."""
        if need:
            self.needs.setdefault(digest, need)
        self._roles.setdefault(digest, role)
        self.lacking.setdefault(repository, set()).add(digest)
        places = self._places.setdefault(digest, [])
        if len(places) < _MAX_PLACES and all(place[0] != repository for place in places):
            places.append((repository, tag))

    @property
    def has_lost_manifests(self) -> bool:
        """Whether there are manifests of which nobody knows what they want."""
        return "manifest" in self._roles.values()

    @property
    def digests(self) -> list[Digest]:
        """Everything that is wanted, sorted."""
        return sorted(self._roles)

    def wish(self, digest: Digest) -> Wish | None:
        """Who wants a blob; None when nobody does."""
        if digest not in self._roles:
            return None
        need = self.needs.get(digest)
        size = need.size if need and need.size >= 0 else None
        return Wish(size=size, role=self._roles[digest], places=tuple(self._places[digest]))
