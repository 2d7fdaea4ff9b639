"""Words that rules about storage trees share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from importer.places.address import is_a_file, paths_of
from importer.storage_tree.defects import Wish
from importer.storage_tree.steps import MoveBlob, Step, WriteBlob
from importer.words.text import FilePath, Text, listed

_MADE_AGAIN: Final = "the right bytes are recomputed"


def wanted_by(wish: Wish) -> Text:
    """Which repositories and tags want a blob."""
    names = (Text("{}:{}", repository, tag) if tag else repository for repository, tag in wish.places)
    return Text("wanted by {}", listed(names, 3))


def supplied(steps: Iterable[Step]) -> Text:
    """Where the right bytes come from; empty when they are nowhere."""
    for step in steps:
        if isinstance(step, MoveBlob):
            return Text("the right bytes are at {} and are moved to their place", FilePath(step.source))
        if isinstance(step, WriteBlob):
            paths = [FilePath(path) for path in paths_of(step.blob.recipe)]
            how = "taken from" if is_a_file(step.blob.recipe) else "restored from"
            return Text("the right bytes are {} {}", how, listed(paths, 2)) if paths else Text(_MADE_AGAIN)
    return Text("")
