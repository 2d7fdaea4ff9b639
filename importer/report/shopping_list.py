"""What to download again, as lines that can be copied into a message or a script."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from importer.report.downloads import Download
from importer.words.text import Size

Listed = tuple[str, tuple[str, ...]]
"""One entry: what it is, and the lines that say where it lies."""


def entries_of(downloads: Iterable[Download]) -> tuple[Listed, ...]:
    """The list, entry by entry."""
    return tuple((heading_of(download), tuple(ways_to(download))) for download in downloads)


def heading_of(download: Download) -> str:
    """What it is called, how large it is, and how much of it is here; a manifest's name alone would say nothing."""
    have = f", {download.have:,} of them are here" if download.have else ""
    platform = f" of {download.platform}" if download.platform else ""
    size = str(Size(download.size)) if download.size else "size unknown"
    is_told = download.file_name == download.digest.file_name
    name = download.file_name if is_told else f"{download.file_name}{platform}  {download.digest}"
    return f"{name}  {size}{have}"


def ways_to(download: Download) -> Iterator[str]:
    """Where it lies, and the command that fetches it when the server is known."""
    yield from download.paths
    if download.command:
        yield download.command
