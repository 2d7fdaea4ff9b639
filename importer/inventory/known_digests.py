"""Digests that were known before any file was read, and where the knowledge comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from importer.domain.digest import Digest
from importer.inspection.file_facts import FileFacts
from importer.inspection.inspector import SIDECAR_ALGORITHMS
from importer.inventory.inventory import Inventory, claimed_digest, is_sidecar

# Forms: the bare hex, `hex  name` (sha256sum), `SHA256 (name) = hex` (BSD), in either case.
_HEX: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{32,128}(?![0-9a-f])")
_HEX_LENGTHS: Final = {"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A file that tells a neighbour's digest."""

    facts: FileFacts
    target: FileFacts
    digest: Digest

    @property
    def agrees(self) -> bool:
        """Whether the neighbour has that digest."""
        return self.digest in self.target.digests


@dataclass(frozen=True, slots=True)
class KnownDigests:
    """What is known of the input from outside of its bytes.

    Attributes:
        sidecars: files with a neighbour's digest.
        given: digests the user gave, each of a manifest.
    """

    sidecars: tuple[Sidecar, ...]
    given: tuple[Digest, ...]

    def expected_of(self, fact: FileFacts) -> Mapping[Digest, str]:
        """The sha256 digests that a file should have, each with where it is known from."""
        expected = {s.digest: f"its sidecar {s.facts.file.name}" for s in self.sidecars if s.target is fact}
        claimed = claimed_digest(fact.file)
        if claimed:
            named = "its name" if Digest.from_name(fact.file.name) else "its folder's name"
            expected.setdefault(claimed, named)
        return {digest: reason for digest, reason in expected.items() if digest.is_checkable}


def known_digests(inventory: Inventory, given: Iterable[Digest] = ()) -> KnownDigests:
    """Collect them from the inventory's sidecars and the user's word."""
    return KnownDigests(sidecars=tuple(_sidecars(inventory)), given=tuple(given))


def _sidecars(inventory: Inventory) -> Iterable[Sidecar]:
    for fact in inventory.facts:
        if not is_sidecar(fact.file):
            continue
        ending = next(ending for ending in SIDECAR_ALGORITHMS if fact.file.name.lower().endswith(ending))
        target = inventory.at(fact.file.path[: -len(ending)])
        digest = _digest_in(fact.excerpt, SIDECAR_ALGORITHMS[ending])
        if target and digest:
            yield Sidecar(fact, target, digest)


def _digest_in(text: str, algorithm: str) -> Digest | None:
    for match in _HEX.finditer(text.lower()):
        if len(match[0]) == _HEX_LENGTHS[algorithm]:
            return Digest(algorithm, match[0])
    return None
