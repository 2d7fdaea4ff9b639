"""Names from a registry tree: ``repositories/<name>/_manifests/tags/<tag>/current/link``.

Source: distribution v2.8.3, registry/storage/paths.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from importer.domain.digest import Digest
from importer.domain.reference import Reference, Repository, is_repository
from importer.domain.storage_paths import REPOSITORIES
from importer.inspection.file_facts import FileFacts
from importer.inventory.inventory import Inventory
from importer.recovery.documents.naming.evidence import NamedDigest

_TAGS: Final = ("_manifests", "tags")
_REVISIONS: Final = ("_manifests", "revisions")
_CURRENT: Final = ("current", "link")


def names(inventory: Inventory) -> Iterator[NamedDigest]:
    """The name of each manifest to which a tag points, and the repository of each that one links."""
    yield from ((digest, name) for _, digest, name in tags(inventory))
    for folder, digest in _revisions(inventory):
        repository = _repository(folder)
        if is_repository(repository):
            yield digest, Repository(repository)


def revisions(inventory: Inventory) -> Iterator[Digest]:
    """Each manifest that a repository links, whether or not a tag names it."""
    yield from (digest for _, digest in _revisions(inventory))


def tags(inventory: Inventory) -> Iterator[tuple[FileFacts, Digest, Reference]]:
    """Each tag's link, the digest that it names, and the tag's full name."""
    for fact in inventory.facts:
        parts = fact.file.parts
        if parts[-2:] != _CURRENT or parts[-5:-3] != _TAGS:
            continue
        with suppress(ValueError):
            yield fact, Digest.parse(fact.excerpt.strip()), _name(parts[:-2])


def _revisions(inventory: Inventory) -> Iterator[tuple[tuple[str, ...], Digest]]:
    """The folder of a repository and a manifest that it links."""
    for fact in inventory.facts:
        if fact.file.parts[-5:-3] == _REVISIONS and fact.file.name == _CURRENT[-1]:
            with suppress(ValueError):
                yield fact.file.parts[:-5], Digest.parse(fact.excerpt.strip())


def _name(folder: tuple[str, ...]) -> Reference:
    """The full name of the tag with that folder; raises ValueError when it can't be one."""
    return Reference.of_repository(_repository(folder[:-3]), folder[-1])


def _repository(folder: tuple[str, ...]) -> str:
    """What a repository with that folder is called."""
    start = folder.index(REPOSITORIES) + 1 if REPOSITORIES in folder else 0
    return "/".join(folder[start:])
