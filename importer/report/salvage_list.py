"""The files in a damaged layer that can still be read, for reports that were asked for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from importer.formats.signatures import FileKind
from importer.plan.blobs import BlobPlan
from importer.plan.causes import ZeroFilled
from importer.plan.images import ImagePlan
from importer.plan.titles import label_of
from importer.recovery.blobs.salvage import FileState, SalvagedFile, salvaged_files
from importer.words.printable import for_shell

_UNPACKERS: Final = {FileKind.GZIP: "gzip -dc", FileKind.ZSTD: "zstd -dc"}


@dataclass(frozen=True, slots=True)
class SalvageList:
    """The files that can be saved from one damaged layer.

    Attributes:
        label: which layer it is.
        files: the files in it.
        command: a command line that takes them out, where no more has happened to the file than a program can read.
    """

    label: str
    files: tuple[SalvagedFile, ...]
    command: str | None = None

    @property
    def heading(self) -> str:
        """Which layer it is, and how many of its files are in which state."""
        counts = (f"{sum(file.state is state for file in self.files):,} {state}" for state in FileState)
        return f"files of {self.label}: {', '.join(counts)}; there may have been more after the damage"

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
            yield SalvageList(str(label_of(image, blob)), salvaged, _command(blob))


def _command(blob: BlobPlan) -> str | None:
    # Both programs give out what they can read before they complain about the damage.
    if not blob.file or blob.earlier or not any(file.state is FileState.WHOLE for file in salvaged_files(blob.cause)):
        return None
    unpack = _UNPACKERS.get(blob.file.kind, "cat")
    path = for_shell(blob.file.file.path)
    # At a wrong byte gzip drops what it has read last; where the file simply ends, it doesn't.
    if isinstance(blob.cause, ZeroFilled):
        return f"head -c {blob.cause.zeros_from} {path} | {unpack} | tar -xf -"
    return f"{unpack} {path} | tar -xf -"
