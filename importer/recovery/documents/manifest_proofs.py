"""What proves a manifest: digests known from outside of its bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from importer.domain.digest import Digest
from importer.domain.manifest import Index
from importer.inspection.file_facts import FileFacts
from importer.inventory.inventory import Inventory
from importer.inventory.known_digests import KnownDigests
from importer.recovery.documents.wanted import indexes_of, layout_indexes


@dataclass(frozen=True, slots=True)
class ManifestProofs:
    """All that is known beforehand of the manifests of an inventory. Build it with ``ManifestProofs.of``.

    Attributes:
        inventory: what there is.
        known: sidecars, names, and the user's word.
        parents: the indexes that list each child.
        listed: digests that the table of contents of an OCI layout lists.
        missing: digests that are known beforehand and that no file has.
    """

    inventory: Inventory
    known: KnownDigests
    parents: Mapping[Digest, tuple[Digest, ...]]
    listed: frozenset[Digest]
    missing: frozenset[Digest]

    @classmethod
    def of(cls, inventory: Inventory, known: KnownDigests) -> ManifestProofs:
        """Collect what indexes and layouts say."""
        listed = frozenset(child.digest for _, index in layout_indexes(inventory) for child in index.children)
        parents = _parents(indexes_of(inventory))
        known_digests = (*known.given, *parents, *listed)
        missing = frozenset(
            digest for digest in known_digests if digest.is_checkable and not inventory.with_digest(digest)
        )
        return cls(inventory, known, parents, listed, missing)

    def of_digest(self, digest: Digest, files: Iterable[FileFacts]) -> tuple[str, ...]:
        """Where the digest of these files is known from, in plain words; nothing when it isn't."""
        proofs = [self.known.expected_of(fact).get(digest) for fact in files]
        proofs += [f"the index {parent.short}" for parent in self.parents.get(digest, ())]
        proofs += ["the layout's index.json"] if digest in self.listed else []
        proofs += ["the digest given"] if digest in self.known.given else []
        return tuple(dict.fromkeys(proof for proof in proofs if proof))

    @property
    def unmet(self) -> bool:
        """Whether the user knows digests of which no file has one, so that no manifest here is the right one."""
        given = self.known.given
        return bool(given) and not any(self.inventory.with_digest(digest) for digest in given)


def _parents(indexes: Iterable[tuple[FileFacts, Index]]) -> dict[Digest, tuple[Digest, ...]]:
    parents: dict[Digest, dict[Digest, None]] = {}
    for fact, index in indexes:
        for child in index.children:
            parents.setdefault(child.digest, {})[fact.digest] = None
    return {child: tuple(above) for child, above in parents.items()}
