"""BF508: a storage tree that begins at a wrong place."""

from typing import Final

from importer.rules.rule import Explanation, Observation, OnTree, Rule, Safety, Severity
from importer.storage_tree.defects import RootMisplaced
from importer.words.text import FilePath, Text


def observe(defect: RootMisplaced) -> Observation:
    """Say where it begins and where it belongs."""
    return Observation(
        Text(
            "{} belongs to {}; the registry sees an empty storage: _catalog is answered with "
            '{"repositories":[]}, all else with 404 NAME_UNKNOWN or MANIFEST_UNKNOWN, and garbage collection '
            "ends with Path not found: /docker/registry/v2/repositories",
            FilePath(defect.path or ""),
            FilePath(defect.right_path),
        ),
        remedy=Text("the folder is moved in one step, after everything else is repaired"),
        path=defect.path,
    )


RULE: Final = Rule(
    code="BF508",
    name="root-misplaced",
    severity=Severity.ERROR,
    fix=Safety.SAFE,
    summary="the storage tree doesn't begin at docker/registry/v2",
    explanation=Explanation(
        meaning=(
            "Below the folder that is mounted at /var/lib/registry, a registry's data is in docker/registry/v2. Here "
            "the folders blobs and repositories are somewhere else, where the registry doesn't look."
        ),
        origin=(
            "A script or a copy left out some of the three folders, or the wrong folder is mounted: mount the one "
            "that contains docker/."
        ),
        remedy="With --apply both folders are moved to docker/registry/v2, after everything in them is repaired.",
        advice=(
            "Run repair-tree with --apply on the folder that is mounted. "
            "If only the mount is wrong, mount the folder above docker/ instead."
        ),
    ),
    on_tree=OnTree(observe, (RootMisplaced,)),
    symptoms=(
        "Path not found: /docker/registry/v2/repositories",
        "repository name not known to registry",
    ),
)
