"""The links a repository has, and those that steps already found will give it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from importer.domain.digest import Digest
from importer.storage_tree.steps import Step, WriteLink
from importer.storage_tree.tree import LinkRole, Repository

_OF_A_TAG: Final = frozenset({LinkRole.CURRENT, LinkRole.INDEX})


@dataclass(frozen=True, slots=True)
class PromisedLinks:
    """Knows of each link whether it is right or will be; ``currents`` is what each tag names in the end."""

    repository: Repository
    currents: dict[str, Digest]
    _promised: dict[tuple[LinkRole, Digest, str | None], None] = field(default_factory=dict)

    def has(self, role: LinkRole, digest: Digest, tag: str | None = None) -> bool:
        """Whether the link is right, or promised."""
        tag = tag if role in _OF_A_TAG else None
        return self.repository.has(role, digest, tag) or (role, digest, tag) in self._promised

    def promise(self, role: LinkRole, digest: Digest, tag: str | None = None) -> tuple[Step, ...]:
        """The step that writes a link; none if it is right or promised already."""
        tag = tag if role in _OF_A_TAG else None
        if self.has(role, digest, tag):
            return ()
        self._promised[role, digest, tag] = None
        if role is LinkRole.CURRENT and tag not in self.currents:
            self.currents[tag or ""] = digest
        return (WriteLink(self.repository.link(role, digest, tag), digest, is_tag=tag is not None),)

    def promised(self, role: LinkRole) -> list[Digest]:
        """The digests of all links of a kind that are promised."""
        return [digest for each, digest, _ in self._promised if each is role]

    def all_links(self) -> Iterator[tuple[LinkRole, Digest, str | None]]:
        """Every link that the repository has in the end."""
        repository = self.repository
        yield from ((LinkRole.LAYER, digest, None) for digest in repository.layers)
        yield from ((LinkRole.REVISION, digest, None) for digest in repository.revisions)
        for tag, indexed in repository.indexed.items():
            yield from ((LinkRole.INDEX, digest, tag) for digest in indexed)
        yield from ((LinkRole.CURRENT, digest, tag) for tag, digest in self.currents.items())
        yield from (key for key in self._promised if key[0] is not LinkRole.CURRENT)
