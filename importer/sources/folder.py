"""Files in a folder, at any depth."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from importer.places.address import FileOnDisk
from importer.places.unfinished import UNFINISHED_PREFIX
from importer.sources.source_file import ProblemKind, SourceFile, SourceProblem

_SPECIAL_KINDS: Final = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


_LINK_ADVICE: Final = "give its target as a PATH of its own, or with --borrow"
_NO_FILE_ADVICE: Final = "it has no content and is skipped; if a file of the image belongs here, download that file"


class FolderSource:
    """All regular files below a folder, or one file alone.

    Links that stay inside the folder are followed to files; folders that a link leads to are
    reached by their own name and not twice. A link that leads out is a problem, never an input:
    a download doesn't hold any, an attack may.
    """

    def __init__(self, root: Path, *, borrowed: bool = False) -> None:
        self._root = root
        self._real_root = Path(os.path.realpath(root))
        self._borrowed = borrowed

    def entries(self) -> Iterator[SourceFile | SourceProblem]:
        """Yield the files, each folder's in the order of their names."""
        if self._root.is_dir():
            yield from self._below(self._root)
        else:
            yield self._regular(self._root, (self._root.name,), self._root.stat())

    def _below(self, top: Path) -> Iterator[SourceFile | SourceProblem]:
        folders: list[tuple[str, tuple[str, ...]]] = [(os.fspath(top), ())]
        while folders:
            folder, parts = folders.pop()
            try:
                with os.scandir(folder) as listing:
                    children = sorted(listing, key=lambda entry: entry.name)
            except OSError as error:
                yield SourceProblem(folder, f"the folder can't be listed: {error.strerror}", borrowed=self._borrowed)
                continue
            subfolders = []
            for child in children:
                if child.name.startswith(UNFINISHED_PREFIX):
                    continue
                if child.is_dir(follow_symlinks=False):
                    subfolders.append((child.path, (*parts, child.name)))
                else:
                    yield from self._entry(child, (*parts, child.name))
            folders.extend(reversed(subfolders))

    def _entry(self, entry: os.DirEntry[str], parts: tuple[str, ...]) -> Iterator[SourceFile | SourceProblem]:
        try:
            if entry.is_symlink() and not self._stays_inside(entry.path):
                yield SourceProblem(entry.path, "a link to outside the folder", _LINK_ADVICE, borrowed=self._borrowed)
                return
            status = entry.stat()
        except OSError as error:
            yield self._unreadable(entry, error)
            return
        if not stat.S_ISDIR(status.st_mode):
            yield self._regular(Path(entry.path), parts, status)

    def _regular(self, path: Path, parts: tuple[str, ...], status: os.stat_result) -> SourceFile | SourceProblem:
        for is_kind, description in _SPECIAL_KINDS:
            if is_kind(status.st_mode):
                reason = f"{description}, not a regular file"
                return SourceProblem(
                    os.fspath(path), reason, _NO_FILE_ADVICE, kind=ProblemKind.NOTHING, borrowed=self._borrowed
                )
        return SourceFile(
            path=os.fspath(path),
            parts=parts,
            size=status.st_size,
            address=FileOnDisk(os.fspath(path)),
            borrowed=self._borrowed,
        )

    def _unreadable(self, entry: os.DirEntry[str], error: OSError) -> SourceProblem:
        if entry.is_symlink():
            reason = f"a broken link: {error.strerror}"
            return SourceProblem(entry.path, reason, _NO_FILE_ADVICE, kind=ProblemKind.NOTHING, borrowed=self._borrowed)
        return SourceProblem(entry.path, error.strerror or str(error), borrowed=self._borrowed)

    def _stays_inside(self, path: str) -> bool:
        return Path(os.path.realpath(path)).is_relative_to(self._real_root)
