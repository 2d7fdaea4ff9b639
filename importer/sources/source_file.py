"""What every source yields: files that can be opened, and entries that can't."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from importer.places.address import Address
from importer.places.store import Identity


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One candidate file, wherever it lies.

    Attributes:
        path: how people and scripts find it: the PATH they gave, and what is below it.
        parts: the names below that PATH, the file's own last; evidence for names and digests.
        size: bytes, as the source lists it. Only reading tells the truth.
        address: where its bytes are.
        borrowed: whether it lies in a place that only lends blobs.
        identity: by which a later run knows it again, where its place tells that with the listing.
    """

    path: str
    parts: tuple[str, ...]
    size: int
    address: Address = field(repr=False)
    borrowed: bool = False
    identity: Identity = field(default=Identity(), repr=False, compare=False)

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.parts[-1]

    @property
    def folder(self) -> str:
        """The path of the folder in which it lies, with the separator at its end."""
        return self.path.removesuffix(self.name)


class ProblemKind(StrEnum):
    """What can't be had of an entry."""

    NOTHING = "nothing"
    """It holds no bytes of its own: a pipe, a device, a broken link."""

    FILE = "file"
    """The system doesn't hand out a file or a folder, or a link to one is not followed."""

    ARCHIVE = "archive"
    """An archive, or one of its members, can't be read."""

    DAMAGE = "damage"
    """An archive is damaged, and all that is in it can be read all the same."""


@dataclass(frozen=True, slots=True)
class SourceProblem:
    """An entry that can't be read, and why, in plain words.

    Attributes:
        path: the entry itself, or the archive of which an unknown part can't be read.
        reason: why.
        advice: what helps, where the right to read it or another copy of it doesn't.
        kind: what can't be had.
        archive: the path of the archive that holds the entry; empty outside of archives.
        size: bytes of the entry, where they are known.
        borrowed: whether it lies in a place that only lends blobs.
    """

    path: str
    reason: str
    advice: str = ""
    kind: ProblemKind = ProblemKind.FILE
    archive: str = ""
    size: int | None = None
    borrowed: bool = False


class Source(Protocol):
    """Anything that holds candidate files."""

    def entries(self) -> Iterator[SourceFile | SourceProblem]:
        """Yield each entry once, in an order that depends on names alone."""
        ...
