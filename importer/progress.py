"""How long work tells what it is doing, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """An observer of bytes; its methods may be called from several threads at once."""

    def start(self, activity: str, total: int) -> None:
        """A stretch of work begins that will read or write ``total`` bytes; 0 when nobody knows how many."""
        ...

    def advance(self, size: int) -> None:
        """So many bytes more are done."""
        ...

    def stop(self) -> None:
        """The stretch is over."""
        ...


class SilentProgress:
    """Nobody listens."""

    def start(self, activity: str, total: int) -> None:
        """Say nothing."""

    def advance(self, size: int) -> None:
        """Say nothing."""

    def stop(self) -> None:
        """Say nothing."""
