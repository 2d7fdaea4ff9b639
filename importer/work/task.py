"""What can be carried out anywhere: tasks are plain values, and get what they need where they run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from importer.places.opener import Opener

Result = TypeVar("Result", covariant=True)  # noqa: PLC0105 - the name tells enough


def unheard(*_: object) -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a task is handed where it is carried out.

    Attributes:
        opener: opens addresses.
        advance: is to be told of the bytes that are read; raises to end the task.
        begin: may be told what the task does next, and of how many bytes.
    """

    opener: Opener
    advance: Callable[[int], None] = unheard
    begin: Callable[[str, int], None] = unheard


class Task(Protocol[Result]):
    """Something to do that depends on nothing but its own values, which can be sent to another process."""

    @property
    def size(self) -> int:
        """Bytes that will be read, as far as is known."""
        ...

    def carry_out(self, tools: Tools) -> Result:
        """Do it. What it raises ends all work, so what is wrong with one file alone is a result."""
        ...
