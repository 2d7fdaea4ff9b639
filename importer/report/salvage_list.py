"""The files in a damaged layer that can still be read, for reports that were asked for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from importer.recovery.plan import ImagePlan
from importer.recovery.salvage import FileState, SalvagedFile, salvaged_files
from importer.report.states import label_of


@dataclass(frozen=True, slots=True)
class SalvageList:
    """What is left in one layer."""

    label: str
    files: tuple[SalvagedFile, ...]

    @property
    def heading(self) -> str:
        """Which layer it is, and how many of its files are in which state."""
        counts = (f"{sum(file.state is state for file in self.files):,} {state}" for state in FileState)
        return f"files of {self.label}: {', '.join(counts)}; after the damage there may have been more"

    def lines(self, limit: int | None = None) -> Iterator[str]:
        """A line for each file, at most so many."""
        for file in self.files[:limit]:
            yield f"{file.state:<5}  {file.size:>15,}  {file.name}"
        if limit is not None and len(self.files) > limit:
            yield f"… and {len(self.files) - limit:,} more"


def salvage_of(image: ImagePlan) -> Iterator[SalvageList]:
    """The lists of all its layers that have one."""
    for blob in image.blobs:
        salvaged = salvaged_files(blob.cause)
        if salvaged:
            yield SalvageList(label_of(image, blob), salvaged)
