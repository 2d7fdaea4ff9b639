"""Names from a registry tree: ``repositories/<name>/_manifests/tags/<tag>/current/link``.

Source: distribution v2.8.3, registry/storage/paths.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from importer.domain.digest import Digest
from importer.domain.reference import Reference
from importer.inspection.file_facts import FileFacts
from importer.inventory.inventory import Inventory

_TAGS: Final = ("_manifests", "tags")
_REVISIONS: Final = ("_manifests", "revisions")
_CURRENT: Final = ("current", "link")


def names(inventory: Inventory) -> Iterator[tuple[Digest, Reference]]:
    """The name of each manifest to which a tag points."""
    yield from ((digest, name) for _, digest, name in tags(inventory))


def revisions(inventory: Inventory) -> Iterator[Digest]:
    """Each manifest that a repository links, whether or not a tag names it."""
    for fact in inventory.facts:
        if fact.file.parts[-5:-3] == _REVISIONS and fact.file.name == _CURRENT[-1]:
            with suppress(ValueError):
                yield Digest.parse(fact.excerpt.strip())


def tags(inventory: Inventory) -> Iterator[tuple[FileFacts, Digest, Reference]]:
    """Each tag's link, the digest that it names, and the tag's full name."""
    for fact in inventory.facts:
        parts = fact.file.parts
        if parts[-2:] != _CURRENT or parts[-5:-3] != _TAGS:
            continue
        start = parts.index("repositories") + 1 if "repositories" in parts else 0
        try:
            name = Reference.of_repository("/".join(parts[start:-5]), parts[-3])
            yield fact, Digest.parse(fact.excerpt.strip()), name
        except ValueError:
            continue
