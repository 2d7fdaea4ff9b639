"""Words that rules about storage trees share."""

from __future__ import annotations

from collections.abc import Iterable

from importer.plan.recipes import Whole, files_of
from importer.rules.wording import listed, shown
from importer.storage_tree.defects import Wish
from importer.storage_tree.steps import MoveBlob, Step, WriteBlob


def wanted_by(wish: Wish) -> str:
    """Which repositories and tags want a blob."""
    names = (f"{shown(repository)}:{shown(tag)}" if tag else shown(repository) for repository, tag in wish.places)
    return f"wanted by {listed(names, 3)}"


def supplied(steps: Iterable[Step]) -> str:
    """Where the right bytes come from; empty when they are nowhere."""
    for step in steps:
        if isinstance(step, MoveBlob):
            return f"the right bytes are at {shown(step.source)} and are moved to their place"
        if isinstance(step, WriteBlob):
            paths = [shown(file.path) for file in files_of(step.blob.recipe)]
            how = "taken from" if isinstance(step.blob.recipe, Whole) else "restored from"
            return f"the right bytes are {how} {listed(paths, 2)}" if paths else "the right bytes are made again"
    return ""
