"""Giving finished files and folders their names, all of them or none."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Final

from importer.errors import OutputError
from importer.places.additions import Rank
from importer.places.durability import Durability

_SMALL: Final = 1 << 20
"""Bytes up to which a file is copied where the file system has no second names."""


@dataclass(frozen=True, slots=True)
class _Move:
    """A file, or a whole folder, goes to a place.

    Attributes:
        source: where it is.
        target: where it goes.
        files: the paths of the files in it, relative to it.
    """

    source: Path
    target: Path
    files: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class _Former:
    """What was in a place before; without a second name where only a long copy would have given one."""

    was_there: bool
    second_name: Path | None = None


class Placing:
    """Moves finished things to their places; what has been moved goes back if one of them fails.

    Use it as a context manager. Raises OSError.

    Args:
        spare: a folder for second names of what is replaced, which is removed afterwards.
        durability: whether names are written through before the next ones depend on them.
        by_link: whether a new file keeps its old name beside the new one, where the file system has second
            names: so it can be told, after a kill, who has put it there.
    """

    def __init__(self, spare: Path, durability: Durability, *, by_link: bool = False) -> None:
        self._spare = spare
        self._by_link = by_link
        self._durability = durability
        self._count = itertools.count()
        self._done: list[tuple[_Move, _Former]] = []
        self._touched: list[Path] = []

    def __enter__(self) -> Placing:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind:
            self._undo()

    def file(self, source: Path, target: Path) -> None:
        """Give a file its name, maybe another's."""
        self._do(_Move(source, target))

    def merge(self, source: Path, target: Path, rank: Rank) -> None:
        """Move what is in one folder into another: what that lacks in one step, and the rest entry by entry.

        All of one rank is on the disk before anything of the next is visible.
        """
        ranked = sorted(((_rank_of(move, target, rank), move) for move in _moves(source, target)), key=lambda m: m[0])
        for _, moves in groupby(ranked, key=lambda m: m[0]):
            for _, move in moves:
                self._do(move)
            self.settle()

    def settle(self) -> None:
        """Wait until all names are on the disk that were given so far."""
        touched, self._touched = self._touched, []
        self._durability.folders(touched)

    def _do(self, move: _Move) -> None:
        former = self._former(move.target)
        # Noted first: an interrupt may come right after the move.
        self._done.append((move, former))
        self._touched.append(move.target.parent)
        if not (self._by_link and not former.was_there and move.source.is_file() and _link(move)):
            move.source.replace(move.target)

    def _former(self, target: Path) -> _Former:
        if not target.is_file():
            return _Former(was_there=False)
        spare = self._spare / f"replaced-{next(self._count)}"
        try:
            spare.hardlink_to(target)
        except OSError:
            if target.stat().st_size > _SMALL:
                return _Former(was_there=True)
            shutil.copyfile(target, spare)
        return _Former(was_there=True, second_name=spare)

    def _undo(self) -> None:
        for move, former in reversed(self._done):
            if not _is_done(move):
                continue
            with suppress(OSError):
                if former.second_name:
                    former.second_name.replace(move.target)
                elif move.target.is_dir():
                    _remove_files(move)
                elif not former.was_there:
                    move.target.unlink()


def _link(move: _Move) -> bool:
    try:
        move.target.hardlink_to(move.source)
    except FileExistsError:
        raise
    except OSError:
        return False
    return True


def _is_done(move: _Move) -> bool:
    if not os.path.lexists(move.source):
        return True
    return move.source.is_file() and move.target.is_file() and move.source.samefile(move.target)


def _moves(source: Path, target: Path) -> Iterator[_Move]:
    for entry in sorted(os.scandir(source), key=lambda entry: entry.name):
        path, place = Path(entry), target / entry.name
        if not entry.is_dir():
            yield _Move(path, place)
        elif place.is_dir():
            _check_stays(place)
            yield from _moves(path, place)
        else:
            files = sorted(file for file in path.rglob("*") if file.is_file())
            yield _Move(path, place, tuple(file.relative_to(path) for file in files))


def _check_stays(folder: Path) -> None:
    """No link may lead a write elsewhere: what lies there may be anybody's."""
    if folder.is_symlink() and not Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(folder.parent)):
        raise OutputError(f"{folder}: is a link; give the folder that it points to")


def _rank_of(move: _Move, target: Path, rank: Rank) -> int:
    place = move.target.relative_to(target)
    return max((rank((place / file).as_posix()) for file in move.files), default=rank(place.as_posix()))


def _remove_files(move: _Move) -> None:
    """Take back what was moved, file by file: others may have put their own beside it meanwhile."""
    for file in move.files:
        (move.target / file).unlink(missing_ok=True)
    for folder, _, _ in os.walk(move.target, topdown=False):
        with suppress(OSError):
            Path(folder).rmdir()
