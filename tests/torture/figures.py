"""What a part of the torture comes to: how much was tried, and what failed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figures:
    """One line of the summary.

    Attributes:
        title: what was tried, as in "crash points".
        tried: how many.
        failures: one text for each that failed, which says how to try it again.
        seconds: how long it took.
    """

    title: str
    tried: int
    failures: tuple[str, ...]
    seconds: float

    def __str__(self) -> str:
        return f"{self.title}: {self.tried:,} tried, {len(self.failures):,} failures, {self.seconds:.0f} s"
