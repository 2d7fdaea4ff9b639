"""Additions to a folder: all files are written beside it, and moved into it when they are whole.

A new folder takes its name in one step, with the folders above it that are new as well. In a folder that is there
already, what it lacks takes its place; only moves are done then, as all bytes are proven and on the disk. If a move
fails, those before it are taken back.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from importer.errors import OutputError
from importer.locking import exclusive
from importer.places.additions import Rank, nothing
from importer.places.durability import Durability
from importer.places.placing import Placing
from importer.places.space import nearest_existing
from importer.places.store import Stamp
from importer.places.unfinished import (
    FILE_MODE,
    FOLDER_MODE,
    UNFINISHED_PREFIX,
    make_folders,
    output_errors,
    remove_leftovers,
    unfinished_folder,
    write_all,
    write_blocks,
)

if TYPE_CHECKING:
    from importer.places.folder_store import FolderStore

_LOCK: Final = f"{UNFINISHED_PREFIX}placing.lock"
WHOLE: Final = "whole"
"""The folder below an unfinished one in which the files are gathered."""


@contextmanager
def adding(
    store: FolderStore, rank: Rank, durability: Durability, *, by_link: bool = False
) -> Iterator[FolderAdditions]:
    """Gather files on the file system of the folder, which may be new; raises as ``WritableStore.adding`` says.

    ``by_link`` is as ``Placing`` has it.
    """
    target = store.root
    anchor = nearest_existing(target)
    with output_errors(target):
        for place in {anchor, target.parent}:
            remove_leftovers(place)
        with unfinished_folder(anchor) as scratch:
            yield FolderAdditions(target, scratch, rank, durability, by_link=by_link)


class FolderAdditions:
    """What is to be added to one folder, as ``Additions`` says.

    Args:
        target: the folder; it may be there already.
        scratch: an unfinished folder in it, or in the nearest folder above it that is there.
        rank: in which order files become visible in a folder that is there.
        durability: whether everything is on the disk before it is called done.
        by_link: as ``Placing`` has it.
    """

    def __init__(self, target: Path, scratch: Path, rank: Rank, durability: Durability, *, by_link: bool) -> None:
        self._target = target
        self._anchor = scratch.parent
        self._scratch = scratch
        self._rank = rank
        self._durability = durability
        self._by_link = by_link
        self._whole = scratch / WHOLE
        self._root = self._whole / target.relative_to(self._anchor)
        self._root.mkdir(parents=True)
        self._root.chmod(FOLDER_MODE)
        self._uploads = itertools.count()
        self._relied_upon: dict[str, None] = {}
        self._merged: list[Path] | None = None

    def begin(self, keys: Collection[str]) -> FolderUpload:  # noqa: ARG002 (a file gets its name at the end)
        """Begin a file without a name."""
        return FolderUpload(self._scratch / str(next(self._uploads)), self._place)

    def put(self, key: str, blocks: Iterable[bytes]) -> None:
        """Write the file beside its place."""
        path = self._place(key)
        path.unlink(missing_ok=True)
        if self._merged is not None:
            self._merged.append(path)
        try:
            write_blocks(path, blocks)
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def replace(self, key: str, content: bytes, former: Stamp | None) -> None:  # noqa: ARG002 (a lock keeps others out)
        """Write the file beside its place."""
        self.put(key, [content])

    def make_folder(self, key: str) -> None:
        """Make the folder beside its place."""
        make_folders(self._root / key, self._root)

    def rely_on(self, key: str) -> None:
        """Remember the file."""
        self._relied_upon[key] = None

    def finish(self, merge: Callable[[], None] = nothing) -> None:
        """Give a new folder its name, or move the files into the one that is there by now."""
        self._merged = []
        if not self._target.exists():
            merge()
            if self._appear():
                return
            self._forget_merged()
        with exclusive(self._target / _LOCK, waiting=lambda: None, sleep=time.sleep):
            merge()
            self._add()

    def _place(self, key: str) -> Path:
        path = self._root / key
        make_folders(path.parent, self._root)
        return path

    def _forget_merged(self) -> None:
        for path in self._merged or ():
            path.unlink(missing_ok=True)

    def _appear(self) -> bool:
        """Make the new folder appear; False when there is one by now, to which the files are to be added."""
        if self._target.exists():
            return False
        self._write_through()
        top = self._target.relative_to(self._anchor).parts[0]
        with Placing(self._scratch, self._durability) as placing:
            try:
                placing.file(self._whole / top, self._anchor / top)
            except OSError:
                # Another process may have made it meanwhile.
                if not self._target.is_dir():
                    raise
                return False
            placing.settle()
        return True

    def _add(self) -> None:
        self._write_through()
        self._secure()
        with Placing(self._scratch, self._durability, by_link=self._by_link) as placing:
            placing.merge(self._root, self._target, self._rank)

    def _secure(self) -> None:
        """See that what is relied upon is still there, and on the disk: it may be a killed run's work."""
        paths = [self._target / key for key in self._relied_upon]
        for path in paths:
            if not path.is_file():
                raise OutputError(
                    f"{path}: has disappeared; another program is changing this folder. Run the command again"
                )
        self._durability.files(paths)
        above = [folder for path in paths for folder in path.parents if folder.is_relative_to(self._target)]
        self._durability.folders([*above, self._target.parent])

    def _write_through(self) -> None:
        """Make what was gathered readable for everyone, and durable."""
        files = [path for path in self._whole.rglob("*") if path.is_file()]
        for path in files:
            path.chmod(FILE_MODE)
        self._durability.files(files)
        # The unfinished folder itself as well: after a power cut it tells whose work lies in the target.
        self._durability.folders([self._anchor, *(Path(folder) for folder, _, _ in os.walk(self._scratch))])


class FolderUpload:
    """An unfinished file, as ``Upload`` says; it gets its place by a move."""

    def __init__(self, path: Path, place: Callable[[str], Path]) -> None:
        self._path = path
        self._place = place
        with output_errors(path):
            self._stream = path.open("xb", buffering=0)

    def write(self, block: memoryview | bytes) -> None:
        """Write to the file."""
        with output_errors(self._path):
            write_all(self._stream.fileno(), block)

    def close(self) -> None:
        """Close the file: Windows moves none that is open."""
        with output_errors(self._path):
            self._stream.close()

    def keep(self, key: str) -> None:
        """Move the file to the others, under its key."""
        self._path.replace(self._place(key))

    def drop(self) -> None:
        """Remove the file."""
        self.close()
        with output_errors(self._path):
            self._path.unlink()
