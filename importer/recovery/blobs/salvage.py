"""What can still be read in a layer that is cut or full of holes: its files, one by one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from importer.plan.causes import Cause, Truncated, ZeroFilled


class FileState(StrEnum):
    """What is left of a file in a damaged layer."""

    WHOLE = "whole"
    CUT = "cut"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class SalvagedFile:
    """A member of a damaged layer's tar; its size is in bytes."""

    name: str
    size: int
    state: FileState


def salvaged_files(cause: Cause | None) -> tuple[SalvagedFile, ...]:
    """The files whose headers are there; those after the damage leave no trace, not even a name."""
    if not isinstance(cause, Truncated | ZeroFilled) or cause.content_size is None:
        return ()
    size = cause.content_size
    return tuple(SalvagedFile(e.name, e.size, _state(e.offset, e.end, size)) for e in cause.entries)


def _state(start: int, end: int, available: int) -> FileState:
    if end <= available:
        return FileState.WHOLE
    return FileState.CUT if start < available else FileState.LOST
