"""What every source yields: files that can be opened, and entries that can't."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One candidate file, wherever it lies.

    Attributes:
        path: how people and scripts find it: the PATH they gave, and what is below it.
        parts: the names below that PATH, the file's own last; evidence for names and digests.
        size: bytes, as the source lists it. Only reading tells the truth.
        open: gives a new stream of the bytes from the first one on, to be read forward; seekable
            where the source can seek. Raises OSError.
        borrowed: whether it lies in a place that only lends blobs.
    """

    path: str
    parts: tuple[str, ...]
    size: int
    open: Callable[[], BinaryIO] = field(compare=False, repr=False)
    borrowed: bool = False

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.parts[-1]


@dataclass(frozen=True, slots=True)
class SourceProblem:
    """An entry that can't be read as a file, and why, in plain words.

    ``advice`` is what helps, where the right to read it or another copy of it doesn't.
    """

    path: str
    reason: str
    advice: str = ""


class Source(Protocol):
    """Anything that holds candidate files."""

    def entries(self) -> Iterator[SourceFile | SourceProblem]:
        """Yield each entry once, in an order that depends on names alone."""
        ...
