"""A folder that is written beside its place and appears when it is whole."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from importer.writers.unfinished import (
    FILE_MODE,
    folder_if_used,
    make_folders,
    output_errors,
    unfinished_folder,
    write_blocks,
)


class WholeFolder:
    """Gathers files in ``root`` and moves them to the target at the end.

    A new target takes its name in one step. In a folder that is there already the files take their
    places one by one, the one that binds them last: only moves are done then, as all bytes are
    proven. Use it as a context manager: what isn't finished is gone at the end. Raises OutputError.

    Attributes:
        root: where the files are gathered.
        scratch: an unfinished folder beside it, on the same file system.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self._is_new = not target.exists()

    def __enter__(self) -> WholeFolder:
        with ExitStack() as stack:
            stack.enter_context(output_errors(self._target))
            beside = self._target.parent if self._is_new else self._target
            stack.enter_context(folder_if_used(beside))
            self.scratch = stack.enter_context(unfinished_folder(beside))
            self.root = self.scratch / "whole"
            make_folders(self.root, self.scratch)
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

    def appear(self) -> bool:
        """Make a new target appear; False when there is one by now, to which the files are to be added."""
        if not self._is_new:
            return False
        self._files()
        try:
            self.root.rename(self._target)
        except OSError:
            # Another process may have made it meanwhile.
            if not self._target.is_dir():
                raise
            self._is_new = False
        return self._is_new

    def finish(self, last: str) -> None:
        """Make the folder appear, with the file ``last`` after all others."""
        files = self._files()
        if self._is_new:
            self.root.rename(self._target)
            return
        for path in sorted(files, key=lambda path: path == self.root / last):
            place = self._target / path.relative_to(self.root)
            make_folders(place.parent, self._target)
            path.replace(place)

    def _files(self) -> list[Path]:
        """What was gathered, readable for everyone."""
        files = sorted(path for path in self.root.rglob("*") if path.is_file())
        for path in files:
            path.chmod(FILE_MODE)
        return files
