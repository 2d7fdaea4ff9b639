"""Whether there is room for what is to be written, asked before the first byte."""

from __future__ import annotations

import shutil
from pathlib import Path

from importer.errors import OutputError


def nearest_existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    while not folder.exists():
        folder = folder.parent
    return folder


def has_space(folder: Path, size: int) -> bool:
    """Whether ``size`` bytes may fit; a file system that doesn't tell its size is believed to be large."""
    usage = shutil.disk_usage(folder)
    return not usage.total or usage.free >= size


def demand_space(folder: Path, size: int, purpose: str = "written") -> None:
    """Raise OutputError when ``size`` bytes can't fit in the folder, and OSError when the system doesn't say."""
    if not has_space(folder, size):
        raise OutputError(
            f"{folder}: {size:,} bytes must be {purpose}, but only {shutil.disk_usage(folder).free:,} bytes are free; "
            "free some space there, or choose another place"
        )
