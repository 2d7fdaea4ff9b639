"""The folder of a build context, which docker sends as it is: what a killed run has left in it must be told apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from importer.places.durability import Durability
from importer.places.folder_additions import WHOLE, FolderAdditions, adding
from importer.places.folder_store import FolderStore
from importer.places.unfinished import dead_folders, output_errors

DOCKERFILE: Final = "Dockerfile"


@contextmanager
def context_folder(target: Path, durability: Durability) -> Iterator[FolderAdditions]:
    """A folder in which the Dockerfile becomes visible last; what a killed run has put there goes first.

    Raises OutputError.
    """
    with output_errors(target):
        for path in unfinished_files(target):
            path.unlink()
    with adding(FolderStore(target), lambda key: int(key == DOCKERFILE), durability, by_link=True) as additions:
        yield additions


def unfinished_files(target: Path) -> tuple[Path, ...]:
    """The files that a run has put there which was killed before its Dockerfile was."""
    placed = [
        target / file.name
        for folder in dead_folders(target)
        for file in _gathered(folder)
        if _is_second_name(target / file.name, file)
    ]
    return () if target / DOCKERFILE in placed else tuple(placed)


def _gathered(folder: Path) -> Iterator[Path]:
    """The files of a dead run; behind a link there may be anybody's."""
    whole = folder / WHOLE
    return iter(()) if whole.is_symlink() else whole.glob("*")


def _is_second_name(path: Path, file: Path) -> bool:
    """Whether a regular file has both names: that a run has given it, as ``Placing`` does ``by_link``."""
    return not path.is_symlink() and not file.is_symlink() and path.is_file() and path.samefile(file)
