"""A list of references in a file, one a line, as ``pull --from-file`` reads it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from importer.cli.remote import RemoteOptions
from importer.domain.places import Place
from importer.errors import InputError, UsageError
from importer.transport.sources import repository_of, tag_of

STANDARD_INPUT: Final = "-"
_MAX_SIZE: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """One image of a list, and the number of its line."""

    place: Place
    line: int

    @property
    def folder(self) -> tuple[str, str | None]:
        """Where it is saved below the output: its repository and its tag."""
        return repository_of(self.place), tag_of(self.place)


def read_reference_list(source: str, options: RemoteOptions) -> tuple[Wanted, ...]:
    """The images of a list, each once; blank lines and lines that begin with ``#`` are passed over.

    Raises InputError for a file that can't be read, and UsageError for one that isn't there, a line that names no
    image, or two images that would be saved in one folder.
    """
    wanted: dict[tuple[str, str | None], Wanted] = {}
    for number, line in enumerate(_lines(source), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        try:
            each = Wanted(options.place(text), number)
        except UsageError as error:
            raise UsageError(f"{source}, line {number}: {error}") from error
        before = wanted.setdefault(each.folder, each)
        if before.place != each.place:
            raise UsageError(
                f"{source}: {before.place} (line {before.line}) and {each.place} (line {number}) would be saved in the "
                "same folder; pull one of them with -o into another"
            )
    if not wanted:
        raise UsageError(f"{source}: no reference in it; write one a line, as in registry.example/team/app:1.4")
    return tuple(wanted.values())


def _lines(source: str) -> Iterator[str]:
    try:
        content = sys.stdin.buffer.read(_MAX_SIZE + 1) if source == STANDARD_INPUT else _content(Path(source))
    except FileNotFoundError as error:
        raise UsageError(f"{source}: no such file") from error
    except OSError as error:
        raise InputError(f"{source}: {error.strerror or error}") from error
    if len(content) > _MAX_SIZE:
        raise InputError(f"{source}: larger than {_MAX_SIZE >> 20} MiB, so it isn't a list of references")
    return iter(content.decode("utf-8-sig", "replace").splitlines())


def _content(path: Path) -> bytes:
    if path.is_dir() or path.is_block_device():
        raise InputError(f"{path}: is not a file; give a list with one reference a line, or - for standard input")
    # A pipe will do, as a shell makes of <(command).
    with path.open("rb") as stream:
        return stream.read(_MAX_SIZE + 1)
