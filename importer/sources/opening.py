"""From the PATHs of a command line to sources: the one place that knows all kinds of source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from importer.errors import InputError, UsageError
from importer.places.opener import Opener
from importer.sources.archives import WithArchives
from importer.sources.folder import FolderSource
from importer.sources.source_file import Source


def open_sources(paths: Iterable[Path], opener: Opener, *, borrowed: bool = False) -> Iterator[Source]:
    """Find the source that reads each path; raises UsageError or InputError for one that none can."""
    for path in paths:
        yield _open_source(path, opener, borrowed=borrowed)


def _open_source(path: Path, opener: Opener, *, borrowed: bool) -> Source:
    try:
        path.stat()
        if path.is_dir():
            next(path.iterdir(), None)
    except FileNotFoundError as error:
        raise UsageError(f"{path}: no such file or folder; give the folder that holds the download") from error
    except OSError as error:
        raise InputError(f"{path}: can't be read: {error.strerror}; check its permissions") from error
    return WithArchives(FolderSource(path, borrowed=borrowed), opener, is_named=not path.is_dir())
