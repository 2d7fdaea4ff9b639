"""Changes of a folder: everything is made beside its place and takes it in one step.

A kill between two steps, or a power cut, leaves a folder that the next run understands: what was asked for is on the
disk before anything that is asked for later, and nothing loses its old name before the new one is.
"""

from __future__ import annotations

import itertools
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from importer.errors import OutputError
from importer.locking import exclusive
from importer.places.changes import SET_ASIDE, Job
from importer.places.durability import Durability
from importer.places.exchange import exchange
from importer.places.store import Stamp
from importer.places.unfinished import FILE_MODE, UNFINISHED_PREFIX, make_folders, output_errors, write_blocks

if TYPE_CHECKING:
    from importer.places.folder_store import FolderStore


@contextmanager
def changing(store: FolderStore, job: Job, durability: Durability) -> Iterator[FolderChanges]:
    """Hold the job's lock in the folder; raises as ``WritableStore.changing`` says."""
    with output_errors(store.root), _alone(store.root, job), _workshop(store.root, job) as workshop:
        yield FolderChanges(store, workshop, job, durability)


def clear_up(root: Path, job: Job) -> None:
    """Take away what a killed run of the job has left under ``.blobfix-``."""
    if any(os.path.lexists(place) for place in (_lock(root, job), _workshop_place(root, job))):
        with output_errors(root), _alone(root, job), _workshop(root, job):
            pass


def _lock(root: Path, job: Job) -> Path:
    return root / f"{UNFINISHED_PREFIX}{job.name}.lock"


def _workshop_place(root: Path, job: Job) -> Path:
    return root / f"{UNFINISHED_PREFIX}{job.name}"


@contextmanager
def _alone(root: Path, job: Job) -> Iterator[None]:
    """Hold the job's lock; raises OutputError when another process holds it."""

    def refuse() -> None:
        raise OutputError(f"{root}: {job.busy}")

    with exclusive(_lock(root, job), waiting=refuse, sleep=time.sleep):
        yield


@contextmanager
def _workshop(root: Path, job: Job) -> Iterator[Path]:
    """A folder for what isn't whole; what a killed run has left in it goes, since the lock says nobody is there."""
    folder = _workshop_place(root, job)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class FolderChanges:
    """What is changed in one folder, as ``Changes`` says."""

    def __init__(self, store: FolderStore, workshop: Path, job: Job, durability: Durability) -> None:
        self._store = store
        self._root = store.root
        self._real_root = Path(os.path.realpath(store.root))
        self._workshop = workshop
        self._landmarks = job.landmarks
        self._durability = durability
        self._count = itertools.count()
        self._made: list[Path] = []
        self._waiting: list[Callable[[], None]] = []
        self._leaving: list[Path] = []
        self._touched: dict[Path, None] = {}
        self._left: dict[Path, None] = {}

    def put(self, key: str, blocks: Iterable[bytes], *, keeps_former: bool) -> None:
        """Write the file beside its place."""
        unfinished = self._unfinished()
        write_blocks(unfinished, blocks)
        self._waiting.append(partial(self._place, unfinished, self._path(key), keeps_former=keeps_former))

    def copy(self, source: str, key: str, stamp: Stamp) -> None:
        """Give the file a second name, where the file system has such."""
        path = self._inside(self._path(source))
        if self._store.stat(source).stamp != stamp:
            raise OutputError(
                f"{path}: has changed since it was checked; run the command again when nothing writes to the tree"
            )
        unfinished = self._unfinished()
        _copy(path, unfinished)
        self._waiting.append(partial(self._place, unfinished, self._path(key), keeps_former=True))

    def remove(self, key: str) -> None:
        """Take the file's name from it when all others have theirs."""
        self._leaving.append(self._path(key))

    def set_aside(self, key: str) -> None:
        """Move the entry, links themselves and not what they lead to."""
        self._waiting.append(partial(self._set_aside, self._path(key)))

    def make_folder(self, key: str) -> None:
        """Make the folder and those above it."""
        self._waiting.append(partial(self._make_inside, self._path(key)))

    def move_folder(self, source: str, target: str) -> None:
        """Rename the folder."""
        self._waiting.append(partial(self._move_folder, self._path(source), self._path(target)))

    def settle(self) -> None:
        """Write the files through, give them their names, write these through, and only then take old names away."""
        made, self._made = self._made, []
        waiting, self._waiting = self._waiting, []
        leaving, self._leaving = self._leaving, []
        self._durability.files(made)
        for change in waiting:
            change()
        self._write_names_through()
        for path in leaving:
            self._leave(path)
        # Only now: a folder that goes before what was moved out of it is on the disk could take that along.
        for folder in self._left:
            self._prune(folder)
        self._left.clear()
        self._write_names_through()

    def _write_names_through(self) -> None:
        touched, self._touched = self._touched, {}
        self._durability.folders(folder for folder in touched if folder.is_dir())

    def _leave(self, path: Path) -> None:
        if path.is_file():
            path.unlink()
            self._touched[path.parent] = None
            self._prune(path.parent)

    def _place(self, unfinished: Path, target: Path, *, keeps_former: bool) -> None:
        """Give a finished file its name; what stands in the way is set aside in the same step."""
        unfinished.chmod(FILE_MODE)
        obstacle = self._obstacle(target)
        if obstacle:
            self._replace_obstacle(obstacle, unfinished, target)
            return
        self._inside(target)
        self._make_folders(target.parent)
        if keeps_former and target.exists():
            self._keep_copy(target)
        self._rename(unfinished, target)

    def _make_inside(self, folder: Path) -> None:
        self._make_folders(self._inside(folder))

    def _make_folders(self, folder: Path) -> None:
        for made in make_folders(folder, self._root):
            self._touched[made.parent] = None

    def _make_durable_folders(self, folder: Path) -> None:
        """Make folders that take in what is in the tree already: a power cut could lose it together with them."""
        if not folder.is_dir():
            self._make_folders(folder)
            self._write_names_through()

    def _rename(self, source: Path, target: Path) -> None:
        self._touched |= {source.parent: None, target.parent: None}
        source.replace(target)

    def _obstacle(self, target: Path) -> Path | None:
        """The entry that keeps the target from being a file: a folder there, or a file above it."""
        for folder in reversed(target.relative_to(self._root).parents):
            path = self._root / folder
            if os.path.lexists(path) and not path.is_dir():
                return path
        is_wrong = os.path.lexists(target) and not stat.S_ISREG(target.lstat().st_mode) and not target.is_file()
        return target if is_wrong else None

    def _replace_obstacle(self, obstacle: Path, unfinished: Path, target: Path) -> None:
        self._inside(obstacle)
        aside = self._place_aside(obstacle)
        below = target.relative_to(obstacle)
        if below.parts:
            self._make_folders((aside / below).parent)
        self._rename(unfinished, aside / below)
        self._write_names_through()
        exchange(aside, obstacle)
        self._touched |= {aside.parent: None, obstacle.parent: None}

    def _set_aside(self, source: Path) -> None:
        self._inside(source)
        if os.path.lexists(source):
            self._rename(source, self._place_aside(source))
            self._left[source.parent] = None

    def _keep_copy(self, path: Path) -> None:
        """Keep what is about to be replaced, under a second name where the file system has such."""
        copy = self._place_aside(path)
        _copy(path, copy)
        self._durability.files([copy])
        self._touched[copy.parent] = None
        self._write_names_through()

    def _place_aside(self, path: Path) -> Path:
        """A free name below the folder of things set aside."""
        target = self._inside(self._root / SET_ASIDE / path.relative_to(self._root))
        self._make_durable_folders(target.parent)
        names = itertools.chain([target], (target.with_name(f"{target.name}.{n}") for n in itertools.count(1)))
        return next(name for name in names if not os.path.lexists(name))

    def _move_folder(self, source: Path, target: Path) -> None:
        self._inside(source)
        obstacle = self._obstacle(target.parent / "-")
        if obstacle:
            raise OutputError(f"{obstacle}: is in the way: the tree must go to {target}")
        self._make_durable_folders(self._inside(target).parent)
        self._rename(source, target)
        self._left[source.parent] = None

    def _prune(self, folder: Path) -> None:
        """Take away folders that have become empty, up to those that stay."""
        with suppress(OSError):
            # sha256/sha256 is a mistake, which may go.
            while folder != self._root and (folder.name not in self._landmarks or folder.name == folder.parent.name):
                folder.rmdir()
                folder = folder.parent
                self._touched[folder] = None

    def _path(self, key: str) -> Path:
        return self._store.path(key)

    def _inside(self, path: Path) -> Path:
        """The path, if its folder is really below the root: no link may lead a write elsewhere."""
        folder = path.parent
        while not folder.exists():
            folder = folder.parent
        if not Path(os.path.realpath(folder)).is_relative_to(self._real_root):
            raise OutputError(f"{path}: a link leads out of {self._root}; repair the tree at its real location")
        return path

    def _unfinished(self) -> Path:
        self._made.append(self._workshop / str(next(self._count)))
        return self._made[-1]


def _copy(source: Path, target: Path) -> None:
    """A second name for a file, or a copy where there are no second names."""
    real = Path(os.path.realpath(source))
    if source.is_symlink():
        # A second name would let what is done to it reach the file outside.
        shutil.copyfile(real, target)
        return
    try:
        target.hardlink_to(real)
    except OSError:
        shutil.copyfile(real, target)
