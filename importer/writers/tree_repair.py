"""Carrying out the steps that mend a storage tree.

Everything is made beside its place and takes it in one step. What is taken out of the tree goes to
``.blobfix-set-aside`` below the root, under the same path. A kill between two steps leaves a tree
that the next run understands.
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
from importer.progress import Progress
from importer.sources.folder import UNFINISHED_PREFIX
from importer.storage_tree.layout import Layout
from importer.storage_tree.link_text import MAX_LINK_SIZE, read_link_text
from importer.storage_tree.steps import (
    MakeFolder,
    MoveBlob,
    Relocate,
    SetAside,
    Step,
    WriteBlob,
    WriteLink,
    in_order,
)
from importer.storage_tree.supplies import SET_ASIDE
from importer.writers.exchange import exchange
from importer.writers.unfinished import FILE_MODE, make_folders, output_errors, write_blocks
from importer.writers.verifying_reader import verified_blocks

_LOCK: Final = f"{UNFINISHED_PREFIX}repair.lock"
_UNFINISHED: Final = f"{UNFINISHED_PREFIX}repair"
_BUSY: Final = "{}: another repair-tree is at work here; wait until it has ended"
_KEPT: Final = frozenset({"blobs", "repositories", "sha256", "sha512", "_layers", "_manifests", "revisions", "tags"})
"""Folders that stay when they get empty: a registry looks for them."""


def repair_tree(layout: Layout, steps: Sequence[Step], progress: Progress) -> None:
    """Carry out the steps in their order.

    Raises OutputError when another repair is at work, the tree leads out of its root, or the system
    refuses; VerificationError and InputError when a source has changed. What is done by then stays.
    """
    ordered = in_order(list(steps))
    with output_errors(layout.root), _alone(layout.root), _workshop(layout.root) as folder:
        worker = _Worker(layout, folder, progress)
        progress.start("Writing", sum(step.blob.size for step in ordered if isinstance(step, WriteBlob)))
        # A file may have to leave the place that another is to take: all get a second name first.
        for step in ordered:
            if isinstance(step, MoveBlob):
                worker.pick_up(step)
        for step in ordered:
            worker.do(step)
        progress.stop()


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
    def __init__(self, layout: Layout, folder: Path, progress: Progress) -> None:
        self._layout = layout
        self._root = layout.root
        self._real_root = Path(os.path.realpath(layout.root))
        self._folder = folder
        self._progress = progress
        self._count = itertools.count()
        self._picked_up: dict[Digest, Path] = {}

    def do(self, step: Step) -> None:
        """Carry out one step."""
        match step:
            case MoveBlob():
                self._move_blob(step)
            case WriteBlob(blob):
                unfinished = self._unfinished()
                write_blocks(unfinished, verified_blocks(blob, self._progress.advance))
                self._put(unfinished, self._place(blob_path(blob.digest)))
            case MakeFolder(path):
                make_folders(self._inside(self._place(path)), self._root)
            case WriteLink(path, digest):
                self._write_link(path, digest)
            case SetAside(path):
                self._set_aside(path)
            case Relocate():
                self._relocate(step)

    def pick_up(self, step: MoveBlob) -> None:
        """Give a file that is to move a second name; raises OutputError when it has changed since it was hashed."""
        source = self._inside(self._place(step.source))
        status = source.stat()
        if (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns) != step.stamp:
            raise OutputError(f"{source}: has changed since it was checked; run the command again when the tree rests")
        self._picked_up[step.digest] = self._unfinished()
        _copy(source, self._picked_up[step.digest])

    def _move_blob(self, step: MoveBlob) -> None:
        self._put(self._picked_up[step.digest], self._place(blob_path(step.digest)))
        source = self._place(step.source)
        # In another blob's place the bytes stay until that blob comes.
        if not step.keeps_source and source.is_file():
            source.unlink()
            self._prune(source.parent)

    def _write_link(self, path: str, digest: Digest) -> None:
        unfinished = self._unfinished()
        write_blocks(unfinished, [str(digest).encode()])
        target = self._place(path)
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
        make_folders(target.parent, self._root)
        if target.name == DATA and target.exists():
            self._keep_copy(target)
        unfinished.replace(target)

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
            make_folders((aside / below).parent, self._root)
        unfinished.replace(aside / below if below.parts else aside)
        exchange(aside, obstacle)

    def _set_aside(self, path: str) -> None:
        source = self._inside(self._place(path))
        if os.path.lexists(source):
            source.rename(self._place_aside(source))
            self._prune(source.parent)

    def _keep_copy(self, path: Path) -> None:
        """Keep what is about to be replaced, under a second name where the file system has such."""
        _copy(path, self._place_aside(path))

    def _place_aside(self, path: Path) -> Path:
        """A free name below the folder of things set aside."""
        target = self._root / SET_ASIDE / path.relative_to(self._root)
        make_folders(target.parent, self._root)
        names = itertools.chain([target], (target.with_name(f"{target.name}.{n}") for n in itertools.count(1)))
        return next(name for name in names if not os.path.lexists(name))

    def _relocate(self, step: Relocate) -> None:
        source, target = self._inside(self._root / step.source), self._root / step.target
        obstacle = self._obstacle(target.parent / "-")
        if obstacle:
            raise OutputError(f"{obstacle}: is in the way of the tree, which belongs to {target}")
        make_folders(self._inside(target).parent, self._root)
        source.rename(target)
        self._prune(source.parent)

    def _prune(self, folder: Path) -> None:
        """Take away folders that have become empty, up to those that a registry looks for."""
        with suppress(OSError):
            # sha256/sha256 is a mistake, which may go.
            while folder != self._root and (folder.name not in _KEPT or folder.name == folder.parent.name):
                folder.rmdir()
                folder = folder.parent

    def _place(self, path: str) -> Path:
        return Path(self._layout.place(path))

    def _inside(self, path: Path) -> Path:
        """The path, if its folder is really below the root: no link may lead a write elsewhere."""
        folder = path.parent
        while not folder.exists():
            folder = folder.parent
        if not Path(os.path.realpath(folder)).is_relative_to(self._real_root):
            raise OutputError(f"{path}: a link leads out of {self._root}; repair the tree where it really is")
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
    return bool(raw.strip()) and read_link_text(raw).digest != digest


def _copy(source: Path, target: Path) -> None:
    """A second name for a file, or a copy where there are no second names."""
    real = Path(os.path.realpath(source))
    try:
        target.hardlink_to(real)
    except OSError:
        shutil.copyfile(real, target)
