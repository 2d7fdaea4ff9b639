"""Names of images, from where their manifests lie.

Source: Artifactory keeps a manifest at ``<repository>/<image>/<tag>/manifest.json``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from importer.domain.reference import Reference
from importer.inspection.file_facts import FileFacts
from importer.inventory.inventory import folder_digest

_MANIFEST_NAMES: Final = frozenset({"manifest.json", "list.manifest.json"})


def names_from_paths(facts: Iterable[FileFacts]) -> tuple[Reference, ...]:
    """The names that the places of a manifest's files give, each once, sorted."""
    names = {name for fact in facts if (name := name_from_path(fact.file.parts))}
    return tuple(sorted(names, key=str))


def names_beside(fact: FileFacts) -> tuple[Reference, ...]:
    """The name that a manifest would have if it lay beside the file."""
    name = name_from_path((*fact.file.parts[:-1], "manifest.json"))
    return (name,) if name else ()


def name_from_path(parts: tuple[str, ...]) -> Reference | None:
    """Read ``…/<image>/<tag>/manifest.json``; folders that can't be part of a name don't count."""
    if len(parts) < 3 or parts[-1].lower() not in _MANIFEST_NAMES or folder_digest(parts[-2]):
        return None
    folders, tag = parts[:-2], parts[-2]
    for first in range(len(folders)):
        try:
            # A dot in the first folder must not make a registry host of it.
            return Reference.of_repository("/".join(folders[first:]), tag)
        except ValueError:
            continue
    return None
