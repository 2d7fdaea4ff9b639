"""Carrying out the steps that mend a storage tree.

Everything is made beside its place and takes it in one step. What is taken out of the tree goes to
``.blobfix-set-aside`` below the root, under the same path. A kill between two steps, or a power cut,
leaves a tree that the next run understands: each phase is on the disk before the next one depends on it,
and nothing loses its old name before the new one is.
"""

from __future__ import annotations

import itertools
import os
import shutil
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from importer.domain.digest import Digest
from importer.domain.storage_paths import DATA, blob_path
from importer.errors import OutputError
from importer.locking import exclusive
from importer.places.durability import Durability
from importer.places.exchange import exchange
from importer.places.space import demand_space
from importer.places.unfinished import FILE_MODE, UNFINISHED_PREFIX, make_folders, output_errors, write_blocks
from importer.progress import Progress
from importer.storage_tree.layout import Layout
from importer.storage_tree.link_text import MAX_LINK_SIZE, is_spelling_of
from importer.storage_tree.steps import (
    MakeFolder,
    MoveBlob,
    Relocate,
    SetAside,
    Step,
    WriteBlob,
    WriteLink,
    in_phases,
)
from importer.storage_tree.supplies import SET_ASIDE
from importer.writers.verifying_reader import VerifyingReader

_LOCK: Final = f"{UNFINISHED_PREFIX}repair.lock"
_UNFINISHED: Final = f"{UNFINISHED_PREFIX}repair"
_BUSY: Final = "{}: another repair-tree is running here; wait until it has finished"
_KEPT: Final = frozenset({"blobs", "repositories", "sha256", "sha512", "_layers", "_manifests", "revisions", "tags"})
"""Folders that stay when they get empty: a registry looks for them."""


def repair_tree(
    layout: Layout, steps: Sequence[Step], reader: VerifyingReader, progress: Progress, durability: Durability
) -> None:
    """Carry out the steps in their order.

    Raises OutputError when another repair is at work, the tree leads out of its root, or the system
    refuses; VerificationError and InputError when a source has changed. What is done by then stays.
    """
    size = sum(step.blob.size for step in steps if isinstance(step, WriteBlob))
    with output_errors(_root_of(layout)), _alone(_root_of(layout)):
        demand_space(_root_of(layout), size)
        with _workshop(_root_of(layout)) as folder:
            worker = _Worker(layout, folder, reader, progress, durability)
            progress.start("Writing", size)
            for phase in in_phases(steps):
                worker.carry_out(phase)
            progress.stop()


def clear_workshop(layout: Layout) -> None:
    """Take away what a killed repair has left under ``.blobfix-``, where there is nothing else to do.

    Raises OutputError when another repair is at work.
    """
    if any(os.path.lexists(_root_of(layout) / name) for name in (_LOCK, _UNFINISHED)):
        with output_errors(_root_of(layout)), _alone(_root_of(layout)), _workshop(_root_of(layout)):
            pass


def _root_of(layout: Layout) -> Path:
    return Path(layout.store.shown(""))


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Hold the tree's lock; raises OutputError when another repair holds it."""

    def refuse() -> None:
        raise OutputError(_BUSY.format(root))

    with exclusive(root / _LOCK, waiting=refuse, sleep=time.sleep):
        yield


@contextmanager
def _workshop(root: Path) -> Iterator[Path]:
    """A folder for what isn't whole; what a killed run has left in it goes, since the lock says nobody is there."""
    folder = root / _UNFINISHED
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Worker:
    def __init__(
        self, layout: Layout, folder: Path, reader: VerifyingReader, progress: Progress, durability: Durability
    ) -> None:
        self._reader = reader
        self._layout = layout
        self._root = _root_of(layout)
        self._real_root = Path(os.path.realpath(_root_of(layout)))
        self._folder = folder
        self._progress = progress
        self._durability = durability
        self._count = itertools.count()
        self._ready: dict[Step, Path] = {}
        self._touched: dict[Path, None] = {}
        self._left: dict[Path, None] = {}

    def carry_out(self, phase: Sequence[Step]) -> None:
        """Carry out steps that don't depend on each other; they are on the disk then."""
        # A file may have to leave the place that another is to take: all get a second name first.
        self._ready = {step: path for step in phase if (path := self._made_ready(step))}
        self._durability.files(self._ready.values())
        for step in phase:
            self._do(step)
        self._settle()
        for step in phase:
            if isinstance(step, MoveBlob):
                self._leave(step)
        # Only now: a folder that goes before what was moved out of it is on the disk could take that along.
        for folder in self._left:
            self._prune(folder)
        self._left.clear()
        self._settle()

    def _made_ready(self, step: Step) -> Path | None:
        """The file that the step puts into its place, if it puts one."""
        match step:
            case MoveBlob():
                return self._pick_up(step)
            case WriteBlob(blob):
                unfinished = self._unfinished()
                write_blocks(unfinished, self._reader.blocks(blob, self._progress.advance))
                return unfinished
            case WriteLink(_, digest):
                unfinished = self._unfinished()
                write_blocks(unfinished, [str(digest).encode()])
                return unfinished
        return None

    def _do(self, step: Step) -> None:
        match step:
            case MoveBlob(digest=digest):
                self._put(self._ready[step], self._place(blob_path(digest)))
            case WriteBlob(blob):
                self._put(self._ready[step], self._place(blob_path(blob.digest)))
            case MakeFolder(path):
                self._make_folders(self._inside(self._place(path)))
            case WriteLink(path, digest):
                self._write_link(self._ready[step], self._place(path), digest)
            case SetAside(path):
                self._set_aside(path)
            case Relocate():
                self._relocate(step)

    def _settle(self) -> None:
        """Wait until all names are on the disk that were given or taken away so far."""
        touched, self._touched = self._touched, {}
        self._durability.folders(folder for folder in touched if folder.is_dir())

    def _pick_up(self, step: MoveBlob) -> Path:
        """Give a file that is to move a second name; raises OutputError when it has changed since it was hashed."""
        source = self._inside(self._place(step.source))
        status = source.stat()
        if (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns) != step.stamp:
            raise OutputError(
                f"{source}: has changed since it was checked; run the command again when nothing writes to the tree"
            )
        unfinished = self._unfinished()
        _copy(source, unfinished)
        return unfinished

    def _leave(self, step: MoveBlob) -> None:
        """Take the old name from a blob that has its own by now."""
        source = self._place(step.source)
        # In another blob's place the bytes stay until that blob comes.
        if not step.keeps_source and source.is_file():
            source.unlink()
            self._touched[source.parent] = None
            self._prune(source.parent)

    def _write_link(self, unfinished: Path, target: Path, digest: Digest) -> None:
        if target.is_file() and _says_something_else(target, digest):
            self._keep_copy(target)
        self._put(unfinished, target)

    def _put(self, unfinished: Path, target: Path) -> None:
        """Give a finished file its name; what stands in the way is set aside in the same step."""
        unfinished.chmod(FILE_MODE)
        obstacle = self._obstacle(target)
        if obstacle:
            self._replace_obstacle(obstacle, unfinished, target)
            return
        self._inside(target)
        self._make_folders(target.parent)
        if target.name == DATA and target.exists():
            self._keep_copy(target)
        self._rename(unfinished, target)

    def _make_folders(self, folder: Path) -> None:
        for made in make_folders(folder, self._root):
            self._touched[made.parent] = None

    def _make_durable_folders(self, folder: Path) -> None:
        """Make folders that take in what is in the tree already: a power cut could lose it together with them."""
        if not folder.is_dir():
            self._make_folders(folder)
            self._settle()

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
        self._settle()
        exchange(aside, obstacle)
        self._touched |= {aside.parent: None, obstacle.parent: None}

    def _set_aside(self, path: str) -> None:
        source = self._inside(self._place(path))
        if os.path.lexists(source):
            self._rename(source, self._place_aside(source))
            self._left[source.parent] = None

    def _keep_copy(self, path: Path) -> None:
        """Keep what is about to be replaced, under a second name where the file system has such."""
        copy = self._place_aside(path)
        _copy(path, copy)
        self._durability.files([copy])
        self._touched[copy.parent] = None
        self._settle()

    def _place_aside(self, path: Path) -> Path:
        """A free name below the folder of things set aside."""
        target = self._root / SET_ASIDE / path.relative_to(self._root)
        self._make_durable_folders(target.parent)
        names = itertools.chain([target], (target.with_name(f"{target.name}.{n}") for n in itertools.count(1)))
        return next(name for name in names if not os.path.lexists(name))

    def _relocate(self, step: Relocate) -> None:
        source, target = self._inside(self._root / step.source), self._root / step.target
        obstacle = self._obstacle(target.parent / "-")
        if obstacle:
            raise OutputError(f"{obstacle}: is in the way: the tree must go to {target}")
        self._make_durable_folders(self._inside(target).parent)
        self._rename(source, target)
        self._left[source.parent] = None

    def _prune(self, folder: Path) -> None:
        """Take away folders that have become empty, up to those that a registry looks for."""
        with suppress(OSError):
            # sha256/sha256 is a mistake, which may go.
            while folder != self._root and (folder.name not in _KEPT or folder.name == folder.parent.name):
                folder.rmdir()
                folder = folder.parent
                self._touched[folder] = None

    def _place(self, path: str) -> Path:
        return Path(self._layout.store.shown(self._layout.key(path)))

    def _inside(self, path: Path) -> Path:
        """The path, if its folder is really below the root: no link may lead a write elsewhere."""
        folder = path.parent
        while not folder.exists():
            folder = folder.parent
        if not Path(os.path.realpath(folder)).is_relative_to(self._real_root):
            raise OutputError(f"{path}: a link leads out of {self._root}; repair the tree at its real location")
        return path

    def _unfinished(self) -> Path:
        return self._folder / str(next(self._count))


def _says_something_else(link: Path, digest: Digest) -> bool:
    """Whether a link's old text isn't just another spelling of the digest."""
    try:
        with link.open("rb") as stream:
            raw = stream.read(MAX_LINK_SIZE)
    except OSError:
        return False
    return bool(raw.strip()) and not is_spelling_of(raw, digest)


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
