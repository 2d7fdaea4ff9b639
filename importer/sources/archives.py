"""Finding archives among files, by content, and reading their members as files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from importer.domain.digest import Digest
from importer.formats.signatures import is_tar_header, kind_of_head
from importer.formats.streams import DecodedStream
from importer.sources.archive_entries import entries_of
from importer.sources.archive_member import Flaw, Listed
from importer.sources.byte_streams import Opener, read_at
from importer.sources.decompression import ARCHIVE_DECODERS, Allowance, StoredStream, Unpacking
from importer.sources.download_marks import looks_like_download, names_tar
from importer.sources.source_file import Source, SourceFile, SourceProblem
from importer.sources.tar_archive import first_members, list_tar
from importer.sources.zip_archive import has_directory_end, list_zip

_LEVELS: Final = 2
"""An archive, and archives in it; what is in these stays a file."""

_SMALLEST: Final = 22
"""Bytes of an empty zip; nothing smaller is an archive."""

_HEAD: Final = 512
_LOOK: Final = 16 << 20
_LOOK_MEMBERS: Final = 200
_ZIP_MAGICS: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08PK\x03\x04")
"""A member, an empty zip, and the first of several disks (APPNOTE 4.3.7, 4.3.16, 8.5.4)."""


_ARCHIVE_ENDINGS: Final = frozenset(
    {".zip", ".tar", ".tgz", ".gz", ".zst", ".tzst", ".xz", ".txz", ".bz2", ".tbz2", ".tbz"}
)
_UNFINISHED_ENDINGS: Final = frozenset({".part", ".partial", ".crdownload", ".download", ".opdownload"})
_HEX_NAME: Final = re.compile(r"(?:[0-9a-f]{32,}|sha\d+\W.*)", re.IGNORECASE)


class WithArchives:
    """A source whose archives are read like folders, one nested in another at most.

    Args:
        source: where the files come from.
        is_named: whether the user named the one file that it holds: then every archive is opened,
            and one that may also be a layer is listed itself as well.
    """

    def __init__(self, source: Source, *, is_named: bool = False) -> None:
        self._source = source
        self._is_named = is_named

    def entries(self) -> Iterator[SourceFile | SourceProblem]:
        """Yield the files, and in an archive's place those in it."""
        allowance = Allowance()
        for entry in self._source.entries():
            yield from _expanded(entry, allowance, is_named=self._is_named, levels=_LEVELS)


@dataclass(frozen=True, slots=True)
class _Archive:
    """An archive that is to be looked into; ``is_doubtful`` when it may be a layer."""

    list: Callable[[], Iterator[Listed]] = field(repr=False)
    is_doubtful: bool = False


def _expanded(
    entry: SourceFile | SourceProblem, allowance: Allowance, *, is_named: bool, levels: int
) -> Iterator[SourceFile | SourceProblem]:
    archive = _archive_in(entry, allowance, is_named=is_named, levels=levels) if isinstance(entry, SourceFile) else None
    if archive is None or isinstance(entry, SourceProblem):
        yield entry
        return
    if archive.is_doubtful:
        yield entry
    for inner in entries_of(entry, _until_unreadable(archive)):
        yield from _expanded(inner, allowance, is_named=False, levels=levels - 1)


def _until_unreadable(archive: _Archive) -> Iterator[Listed]:
    try:
        yield from archive.list()
    except OSError as error:
        yield Flaw(error.strerror or str(error))


def _archive_in(file: SourceFile, allowance: Allowance, *, is_named: bool, levels: int) -> _Archive | None:
    if not levels or file.size < _SMALLEST or not (is_named or _may_be_archive(file.name)):
        return None
    if levels == _LEVELS:
        # A nested archive's bytes are its container's and count once.
        allowance.grow(file.size)
    try:
        with file.open() as stream:
            head = stream.read(_HEAD)
            can_seek = stream.seekable()
        if _is_zip(file, head, can_seek=can_seek, is_named=is_named):
            return _zip_in(file, allowance, can_seek)
        return _tar_in(file, head, allowance, can_seek=can_seek, is_named=is_named)
    except OSError:
        # It stays a file; whoever reads it says what is wrong.
        return None


def _may_be_archive(name: str) -> bool:
    """Whether a file so named is worth a look: its ending is an archive's, or it has none and isn't a digest."""
    stem, ending = _split_ending(name.lower())
    if ending in _UNFINISHED_ENDINGS:
        stem, ending = _split_ending(stem)
    if ending and ending not in _ARCHIVE_ENDINGS:
        return False
    return not _HEX_NAME.match(stem) and Digest.from_name(stem) is None


def _split_ending(name: str) -> tuple[str, str]:
    stem, dot, ending = name.rpartition(".")
    return (stem, dot + ending) if dot else (name, "")


def _is_zip(file: SourceFile, head: bytes, *, can_seek: bool, is_named: bool) -> bool:
    if head.startswith(_ZIP_MAGICS):
        return True
    # Response headers or a program may stand before a zip; its end tells all the same.
    return can_seek and (is_named or file.name.lower().endswith(".zip")) and has_directory_end(file.open)


def _zip_in(file: SourceFile, allowance: Allowance, can_seek: bool) -> _Archive:
    if can_seek:
        return _Archive(lambda: list_zip(file.open, file.size, allowance))
    return _Archive(lambda: _list_unpacked(Unpacking(file, StoredStream(), allowance), allowance))


def _list_unpacked(unpacking: Unpacking, allowance: Allowance) -> Iterator[Listed]:
    unpacking.go_on()
    if unpacking.flaw:
        yield Flaw(unpacking.flaw)
    yield from list_zip(unpacking.open, unpacking.size, allowance)


def _tar_in(file: SourceFile, head: bytes, allowance: Allowance, *, can_seek: bool, is_named: bool) -> _Archive | None:
    # Six bytes tell how it is packed; weighing more as text would cost a scan of small files dearly.
    decoder = ARCHIVE_DECODERS.get(kind_of_head(head[:6]))
    if not (decoder or is_tar_header(head)) or Digest.from_name(file.name):
        return None
    if not decoder and can_seek:
        return _judged(file.open, is_named, lambda: list_tar(file.open, file.size))
    return _unpacked_tar(file, decoder or StoredStream, allowance, is_named)


def _unpacked_tar(
    file: SourceFile, decoder: type[DecodedStream], allowance: Allowance, is_named: bool
) -> _Archive | None:
    unpacking = Unpacking(file, decoder(), allowance)
    unpacking.go_on(_LOOK)
    with unpacking.open() as stream:
        is_tar = is_tar_header(read_at(stream, 0, _HEAD))
    archive = _judged(unpacking.open, is_named, lambda: _list_unpacked_tar(unpacking)) if is_tar else None
    if unpacking.flaw and not is_tar and names_tar(file.name):
        # Cut or damaged before the first member: nothing tells what it holds.
        archive = _Archive(lambda: iter([Flaw(unpacking.flaw)]), is_doubtful=True)
    if archive is None:
        unpacking.stop()
    return archive


def _list_unpacked_tar(unpacking: Unpacking) -> Iterator[Listed]:
    unpacking.go_on()
    if unpacking.flaw:
        yield Flaw(unpacking.flaw)
    for item in list_tar(unpacking.open, unpacking.size):
        # Where the compressed stream is cut, so is the tar; once is enough to say it.
        if not (unpacking.flaw and isinstance(item, Flaw) and not item.name):
            yield item


def _judged(opener: Opener, is_named: bool, members: Callable[[], Iterator[Listed]]) -> _Archive | None:
    is_download = looks_like_download(first_members(opener, _LOOK_MEMBERS), opener)
    return _Archive(members, is_doubtful=not is_download) if is_download or is_named else None
