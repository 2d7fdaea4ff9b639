"""From the places that a user names to sources: the one place that knows all kinds of source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from importer.errors import InputError, UsageError
from importer.places.cloud.trouble import CloudError
from importer.places.opener import Opener
from importer.places.store import EntryKind, Store
from importer.sources.archives import WithArchives
from importer.sources.source_file import Source
from importer.sources.stored_files import StoredFiles


def open_sources(places: Iterable[Store], opener: Opener, *, borrowed: bool = False) -> Iterator[Source]:
    """Find the source that reads each place; raises UsageError or InputError for one that none can."""
    for place in places:
        yield source_in(place, opener, borrowed=borrowed)


def source_in(store: Store, opener: Opener, *, borrowed: bool = False) -> Source:
    """The files of a store, archives among them opened; raises UsageError or InputError for one that can't be read."""
    shown = store.shown("")
    try:
        is_folder = store.stat("").kind is EntryKind.FOLDER
        if is_folder:
            next(store.list(""), None)
    except FileNotFoundError as error:
        raise UsageError(f"{shown}: no such file or folder; give the folder that holds the download") from error
    except OSError as error:
        advice = "" if isinstance(error, CloudError) else "; check its permissions"
        raise InputError(f"{shown}: can't be read: {error.strerror}{advice}") from error
    return WithArchives(StoredFiles(store, borrowed=borrowed), opener, is_named=not is_folder)
