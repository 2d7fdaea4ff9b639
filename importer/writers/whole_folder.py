"""A folder that is written beside its place and appears when it is whole."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final

from importer.errors import OutputError
from importer.locking import exclusive
from importer.places.durability import Durability
from importer.places.placing import Placing, Rank
from importer.places.unfinished import (
    FILE_MODE,
    FOLDER_MODE,
    UNFINISHED_PREFIX,
    make_folders,
    output_errors,
    remove_leftovers,
    unfinished_folder,
    write_blocks,
)

_LOCK: Final = f"{UNFINISHED_PREFIX}placing.lock"
WHOLE: Final = "whole"
"""The folder below an unfinished one in which the files are gathered."""


class WholeFolder:
    """Gathers files in ``root`` and moves them to the target at the end.

    A new target takes its name in one step, with the folders above it that are new as well. In a folder
    that is there already, what it lacks takes its place; only moves are done then, as all bytes are proven
    and on the disk. If a move fails, those before it are taken back. Use it as a context manager: what isn't
    finished is gone at the end. Raises OutputError.

    Args:
        target: the folder; it may be there already.
        durability: whether everything is on the disk before it is called done.
        rank: in which order files become visible in a folder that is there.
        by_link: as ``Placing`` has it.

    Attributes:
        root: where the files are gathered, each under its path below the target.
        scratch: an unfinished folder around it, on the file system of the target.
    """

    def __init__(self, target: Path, durability: Durability, rank: Rank, *, by_link: bool = False) -> None:
        self._target = target
        self._durability = durability
        self._rank = rank
        self._by_link = by_link
        self._anchor = _nearest_existing(target)
        self._relied_upon: dict[Path, None] = {}

    def __enter__(self) -> WholeFolder:
        with ExitStack() as stack:
            stack.enter_context(output_errors(self._target))
            for place in {self._anchor, self._target.parent}:
                remove_leftovers(place)
            self.scratch = stack.enter_context(unfinished_folder(self._anchor))
            self._whole = self.scratch / WHOLE
            self.root = self._whole / self._target.relative_to(self._anchor)
            self.root.mkdir(parents=True)
            self.root.chmod(FOLDER_MODE)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def write(self, name: str, content: bytes) -> None:
        """Add a small file, instead of one that was added before under the name."""
        path = self.place(name)
        path.unlink(missing_ok=True)
        write_blocks(path, [content])

    def place(self, name: str) -> Path:
        """Where to write, or move, the file of that name, whose parts are divided by slashes."""
        path = self.root / name
        make_folders(path.parent, self.root)
        return path

    def make(self, name: str) -> None:
        """Add a folder that may stay empty."""
        make_folders(self.root / name, self.root)

    def discard(self, name: str) -> None:
        """Leave out a file that was added before under the name, if there is one."""
        (self.root / name).unlink(missing_ok=True)

    def rely_on(self, path: Path) -> None:
        """Something of the target is there already and right, and what is added needs it."""
        self._relied_upon[path] = None

    def appear(self) -> bool:
        """Make a new target appear; False when there is one by now, to which the files are to be added."""
        if self._target.exists():
            return False
        self._write_through()
        top = self._target.relative_to(self._anchor).parts[0]
        with Placing(self.scratch, self._durability) as placing:
            try:
                placing.file(self._whole / top, self._anchor / top)
            except OSError:
                # Another process may have made it meanwhile.
                if not self._target.is_dir():
                    raise
                return False
            placing.settle()
        return True

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While no other process adds to the target, which is there."""
        with exclusive(self._target / _LOCK, waiting=lambda: None, sleep=time.sleep):
            yield

    def add(self) -> None:
        """Move the files into the target, which is there."""
        self._write_through()
        self._secure()
        with Placing(self.scratch, self._durability, by_link=self._by_link) as placing:
            placing.merge(self.root, self._target, self._rank)

    def finish(self) -> None:
        """Make the target appear, or add to it."""
        if not self.appear():
            with self.alone():
                self.add()

    def _secure(self) -> None:
        """See that what is relied upon is still there, and on the disk: it may be a killed run's work."""
        for path in self._relied_upon:
            if not path.is_file():
                raise OutputError(
                    f"{path}: has disappeared; another program is changing this folder. Run the command again"
                )
        self._durability.files(self._relied_upon)
        above = [folder for path in self._relied_upon for folder in path.parents if folder.is_relative_to(self._target)]
        self._durability.folders([*above, self._target.parent])

    def _write_through(self) -> None:
        """Make what was gathered readable for everyone, and durable."""
        files = [path for path in self._whole.rglob("*") if path.is_file()]
        for path in files:
            path.chmod(FILE_MODE)
        self._durability.files(files)
        # The unfinished folder itself as well: after a power cut it tells whose work lies in the target.
        self._durability.folders([self._anchor, *(Path(folder) for folder, _, _ in os.walk(self.scratch))])


def _nearest_existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder
