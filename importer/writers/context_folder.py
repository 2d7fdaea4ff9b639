"""The folder of a build context, which docker sends as it is: what a killed run has left in it must be told apart."""

from __future__ import annotations

import filecmp
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from importer.errors import UsageError
from importer.places.durability import Durability
from importer.places.unfinished import dead_folders, output_errors
from importer.writers.whole_folder import WHOLE, WholeFolder

DOCKERFILE: Final = "Dockerfile"
MERGED: Final = "root.tar"
_LAYER: Final = re.compile(r"layer-[0-9]+\.tar(\.gz)?")


class ContextFolder(WholeFolder):
    """One in which the Dockerfile becomes visible last; a whole context that is there already stays as it is."""

    def finish(self) -> None:
        """Make the context appear; raises UsageError when the folder holds another one."""
        if not (self.target / DOCKERFILE).exists():
            super().finish()
            return
        if not self._is_there():
            raise UsageError(f"{self.target}: holds another build context; give a new or empty folder")
        for path in self.root.iterdir():
            self.rely_on(self.target / path.name)
        self.secure()

    def _is_there(self) -> bool:
        made = {path.name for path in self.root.iterdir()}
        here = {path.name for path in self.target.iterdir() if is_context_file(path.name)}
        return made == here and all(filecmp.cmp(self.root / name, self.target / name, shallow=False) for name in made)


def is_context_file(name: str) -> bool:
    """Whether a file of a build context may have that name."""
    return name in (DOCKERFILE, MERGED) or bool(_LAYER.fullmatch(name))


@contextmanager
def context_folder(target: Path, durability: Durability) -> Iterator[ContextFolder]:
    """The folder of a context; what a killed run has put there goes first.

    Raises OutputError.
    """
    with output_errors(target):
        for path in unfinished_files(target):
            path.unlink()
    with ContextFolder(target, durability, lambda path: int(path == DOCKERFILE), by_link=True) as folder:
        yield folder


def unfinished_files(target: Path) -> tuple[Path, ...]:
    """The files that a run has put there which was killed before its Dockerfile was."""
    placed = [
        target / file.name
        for folder in dead_folders(target)
        for file in (folder / WHOLE).glob("*")
        if (target / file.name).is_file() and file.samefile(target / file.name)
    ]
    return () if target / DOCKERFILE in placed else tuple(placed)
