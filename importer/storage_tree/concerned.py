"""Which repositories the defects of a storage tree concern."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from importer.domain.storage_paths import REPOSITORIES
from importer.storage_tree.defects import (
    BlobDamaged,
    BlobMisplaced,
    ChildMissing,
    Defect,
    LayersFolderMissing,
    LinkDangling,
    LinkDefect,
    MediaTypeAbsent,
    RepositoryMisnamed,
    RevisionInvalid,
    Schema1Manifest,
)
from importer.storage_tree.diagnosis import RepositoryCensus

_IN_A_REPOSITORY: Final = re.compile(rf"(?:^|/){REPOSITORIES}/(.+?)/_")
"""Registries keep a repository's own folders under names that begin with ``_``, which no name's component can."""


def by_repository(defects: Sequence[Defect], repositories: Iterable[RepositoryCensus]) -> dict[str, list[Defect]]:
    """The defects of each repository that has any; those of a blob are in every one that needs it."""
    found: dict[str, list[Defect]] = {}
    of_blobs = {
        defect.digest: defect for defect in defects if isinstance(defect, LinkDangling | BlobDamaged | BlobMisplaced)
    }
    for repository in repositories:
        lacking: list[Defect] = [of_blobs[digest] for digest in sorted(repository.lacks) if digest in of_blobs]
        if lacking:
            found[repository.name] = lacking
    for defect in defects:
        if name := _repository_of(defect):
            found.setdefault(name, []).append(defect)
    return found


def _repository_of(defect: Defect) -> str | None:
    match defect:
        case LinkDangling() | BlobDamaged() | BlobMisplaced():
            return None
        case (
            LinkDefect(repository=name)
            | LayersFolderMissing(repository=name)
            | RevisionInvalid(repository=name)
            | ChildMissing(repository=name)
            | Schema1Manifest(repository=name)
            | MediaTypeAbsent(repository=name)
            | RepositoryMisnamed(name=name)
        ):
            return name
    found = _IN_A_REPOSITORY.search(defect.path or "")
    return found[1] if found else None
