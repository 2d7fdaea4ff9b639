"""Names from where manifests lie: ``<repository>/<image>/<tag>/manifest.json`` in Artifactory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from importer.domain.file_names import MANIFEST_NAME, MANIFEST_NAMES
from importer.domain.reference import Reference
from importer.formats.signatures import FileKind
from importer.inventory.inventory import Inventory, folder_digest
from importer.recovery.documents.naming.evidence import NamedDigest

_NAMED_KINDS: Final = frozenset({FileKind.MANIFEST, FileKind.INDEX, FileKind.SCHEMA1, FileKind.CONFIG})
_EXPORT_ROOT: Final = "repositories"


def names(inventory: Inventory) -> Iterator[NamedDigest]:
    """The name of each manifest by its place; a config's is that of the manifest that should lie beside it.

    Only a config under Artifactory's own name tells: other layouts keep theirs in folders of other meaning.
    """
    for fact in inventory.facts:
        if fact.kind not in _NAMED_KINDS or fact.file.borrowed:
            continue
        is_config = fact.kind is FileKind.CONFIG
        if is_config and "__" not in fact.file.name:
            continue
        parts = (*fact.file.parts[:-1], MANIFEST_NAME) if is_config else fact.file.parts
        name = name_from_path(parts)
        if name:
            yield fact.digest, name


def name_from_path(parts: tuple[str, ...]) -> Reference | None:
    """Read ``…/<image>/<tag>/manifest.json``; folders that can't be part of a name don't count.

    A repository or system export has ``repositories/<repository key>/`` before the image.
    """
    if _EXPORT_ROOT in parts[:-4]:
        parts = parts[parts.index(_EXPORT_ROOT) + 2 :]
    if len(parts) < 3 or parts[-1].lower() not in MANIFEST_NAMES or folder_digest(parts[-2]):
        return None
    folders, tag = parts[:-2], parts[-2]
    for first in range(len(folders)):
        try:
            # A dot in the first folder must not make a registry host of it.
            return Reference.of_repository("/".join(folders[first:]), tag)
        except ValueError:
            continue
    return None
