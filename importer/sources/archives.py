"""Finding archives among files, by content, and reading their members as files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, islice
from typing import Final

from importer.domain.digest import Digest
from importer.domain.file_names import UNFINISHED_ENDINGS
from importer.formats.decoders import Coding, coding_of
from importer.formats.signatures import has_tar_magic, is_tar_header, kind_of_head
from importer.places.address import Address, can_seek
from importer.places.opener import Opener
from importer.places.spool import NoCopyError
from importer.sources.archive_entries import MAX_MEMBERS, entries_of
from importer.sources.archive_member import Flaw, Listed
from importer.sources.decompression import Allowance, Unpacking
from importer.sources.download_marks import looks_like_download, names_archive, names_tar
from importer.sources.encoded_archives import REPLACED, ZIP_MAGICS, begins_archive, decoded_archive, was_replaced
from importer.sources.pieces import SplitArchive, split_archives
from importer.sources.source_file import Source, SourceFile, SourceProblem
from importer.sources.tar_archive import first_members, has_lost_blocks, list_tar
from importer.sources.zip_archive import has_directory_end, list_zip

_LEVELS: Final = 5
"""An archive, and archives in archives in it; what is deeper stays a file."""

_TOO_DEEP: Final = "it is an archive in five others; unpack the outer ones yourself and give the folder"

_MOST_MISSING: Final = 5
_SMALLEST: Final = 22
"""Bytes of an empty zip; nothing smaller is an archive."""

_HEAD: Final = 512
_LAYER: Final = "layer.tar"
"""What docker save called every layer, until docker 25."""

_LOOK: Final = 16 << 20
_LOOK_MEMBERS: Final = 200

_ARCHIVE_ENDINGS: Final = frozenset(
    {".zip", ".tar", ".tgz", ".gz", ".zst", ".tzst", ".xz", ".txz", ".bz2", ".tbz2", ".tbz"}
)
_ENCODED_ENDINGS: Final = frozenset({".b64", ".base64", ".hex", ".asc", ".uue"})
_FIRST_PIECE: Final = re.compile(r"\.0*1")
"""The ending of an archive that fits one piece, and of the first piece where the others are missing."""

_HEX_NAME: Final = re.compile(r"(?:[0-9a-f]{32,}|sha\d+\W.*)", re.IGNORECASE)


class WithArchives:
    """A source whose archives are read like folders, as are those in archives, up to five deep.

    Args:
        source: where the files come from.
        opener: opens them, and keeps copies of what can't be read in place.
        is_named: whether the user named the one file that it holds: then every archive is opened,
            and one that may also be a layer is listed itself as well.
    """

    def __init__(self, source: Source, opener: Opener, *, is_named: bool = False) -> None:
        self._source = source
        self._opener = opener
        self._is_named = is_named

    def entries(self) -> Iterator[SourceFile | SourceProblem]:
        """Yield the files, and in an archive's place those in it."""
        look = _Look(self._opener, Allowance())
        yield from look.all_expanded(self._source.entries(), is_named=self._is_named, levels=_LEVELS)


@dataclass(frozen=True, slots=True)
class _Archive:
    """An archive that is to be looked into; ``is_doubtful`` when it may be a layer."""

    list: Callable[[], Iterator[Listed]] = field(repr=False)
    is_doubtful: bool = False


@dataclass(frozen=True, slots=True)
class _Look:
    """Looks into files: all archives of a source share the allowance."""

    opener: Opener
    allowance: Allowance

    def all_expanded(
        self, entries: Iterable[SourceFile | SourceProblem], *, is_named: bool, levels: int
    ) -> Iterator[SourceFile | SourceProblem]:
        """Yield what is in one place; archives in pieces are joined, and their members stand where the first one is."""
        listed = list(entries)
        files = [entry for entry in listed if isinstance(entry, SourceFile)]
        members: dict[str, list[SourceFile | SourceProblem]] = {}
        for split in split_archives(files, self.opener) if levels else ():
            found = self._joined(split, levels)
            if found is not None:
                members |= {piece.path: [] for piece in split.pieces} | {split.pieces[0].path: found}
        for entry in listed:
            if entry.path in members:
                yield from members[entry.path]
            else:
                yield from self._expanded(entry, is_named=is_named, levels=levels)

    def _joined(self, split: SplitArchive, levels: int) -> list[SourceFile | SourceProblem] | None:
        """What is in an archive in pieces; None where they are none of an archive."""
        if not split.readable:
            return [*split.pieces, *entries_of(split.pieces[0], [Flaw(_in_pieces(split))])]
        first = self._read(split.whole, levels)
        tried = chain((first,), (self._read(whole, levels) for whole in split.other_orders()))
        best = next((listed for listed in tried if listed is not None and not _is_flawed(listed)), first)
        if best is None:
            return None
        if split.missing:
            best = [Flaw(_in_pieces(split)), *(item for item in best if not isinstance(item, Flaw) or item.name)]
        return list(self.all_expanded(entries_of(split.pieces[0], best), is_named=False, levels=levels - 1))

    def _read(self, whole: SourceFile, levels: int) -> list[Listed] | None:
        archive = self._archive_in(whole, is_named=False, levels=levels)
        # A layer in pieces is no archive to be looked into.
        if archive is None or archive.is_doubtful:
            return None
        return list(islice(self._explained(whole, archive), MAX_MEMBERS + 1))

    def _expanded(
        self, entry: SourceFile | SourceProblem, *, is_named: bool, levels: int
    ) -> Iterator[SourceFile | SourceProblem]:
        """Yield the entry, or in an archive's place what is in it."""
        archive = self._archive_in(entry, is_named, levels) if isinstance(entry, SourceFile) else None
        if archive is None or isinstance(entry, SourceProblem):
            yield entry
            return
        if archive.is_doubtful:
            yield entry
        inner = entries_of(entry, self._explained(entry, archive))
        yield from self.all_expanded(inner, is_named=False, levels=levels - 1)

    def _archive_in(self, file: SourceFile, is_named: bool, levels: int) -> _Archive | None:
        if file.size < _SMALLEST or not (is_named or _may_be_archive(file.name)):
            return None
        if not levels:
            return self._too_deep(file)
        if levels == _LEVELS:
            # A nested archive's bytes are its container's and count once.
            self.allowance.grow(file.size)
        try:
            if decoded := decoded_archive(file.address, self.opener):
                file = replace(file, address=decoded)
            head = self.opener.head(file.address, _HEAD)
            return (
                self._zip_in(file, head, is_named)
                or self._tar_in(file, head, is_named)
                or self._headless_tar_in(file, head)
                or self._lost_in(file)
            )
        except NoCopyError as error:
            # What is in it is unknown, and must not be taken for absent.
            return _Archive(partial(_flawed, str(error.strerror)), is_doubtful=True)
        except OSError:
            # It stays a file; whoever reads it says what is wrong.
            return None

    def _too_deep(self, file: SourceFile) -> _Archive | None:
        is_archive = names_archive(file.name) and begins_archive(self.opener.head(file.address, _HEAD))
        return _Archive(partial(_flawed, _TOO_DEEP), is_doubtful=True) if is_archive else None

    def _lost_in(self, file: SourceFile) -> _Archive | None:
        is_lost = names_tar(file.name) and was_replaced(file.address, self.opener)
        return _Archive(partial(_flawed, REPLACED), is_doubtful=True) if is_lost else None

    def _explained(self, file: SourceFile, archive: _Archive) -> Iterator[Listed]:
        """What is in an archive; where it is damaged, with the reason that its bytes show."""
        for item in _until_unreadable(archive):
            is_whole_archives = isinstance(item, Flaw) and not item.name
            yield Flaw(REPLACED) if is_whole_archives and was_replaced(file.address, self.opener) else item

    def _zip_in(self, file: SourceFile, head: bytes, is_named: bool) -> _Archive | None:
        if not (head.startswith(ZIP_MAGICS) or self._ends_as_zip(file, is_named)):
            return None
        if can_seek(file.address):
            return _Archive(lambda: list_zip(self.opener, file.address, file.size, self.allowance))
        return _Archive(lambda: self._list_copied_zip(self._unpacking(file.address, Coding.STORED)))

    def _ends_as_zip(self, file: SourceFile, is_named: bool) -> bool:
        # Response headers or a program may stand before a zip; its end tells all the same.
        may_be = can_seek(file.address) and (is_named or file.name.lower().endswith(".zip"))
        return may_be and has_directory_end(self.opener, file.address)

    def _list_copied_zip(self, unpacking: Unpacking) -> Iterator[Listed]:
        unpacking.go_on()
        if unpacking.flaw:
            yield Flaw(unpacking.flaw)
        yield from list_zip(self.opener, unpacking.address, unpacking.size, self.allowance)

    def _tar_in(self, file: SourceFile, head: bytes, is_named: bool) -> _Archive | None:
        # Six bytes tell how it is packed; weighing more as text would cost a scan of small files dearly.
        coding = coding_of(kind_of_head(head[:6]))
        if not (coding or is_tar_header(head)) or Digest.from_name(file.name):
            return None
        if not coding and can_seek(file.address):
            if file.name == _LAYER and not is_named and has_lost_blocks(self.opener, file.address, file.size):
                # In docker save's folders, and with the members behind it in its content.
                return None
            members = partial(list_tar, self.opener, file.address, file.size)
            return self._judged(file.address, file.size, members, is_named=is_named)
        return self._unpacked(file.name, self._unpacking(file.address, coding or Coding.STORED), is_named)

    def _headless_tar_in(self, file: SourceFile, head: bytes) -> _Archive | None:
        """A tar of which the first header is damaged or lost; it may be a layer, so the file is kept."""
        is_called_one = names_tar(file.name) and file.name != _LAYER
        may_be = (has_tar_magic(head) or is_called_one) and not is_tar_header(head)
        if not may_be or not can_seek(file.address) or Digest.from_name(file.name):
            return None
        members = partial(list_tar, self.opener, file.address, file.size)
        archive = self._judged(file.address, file.size, members, is_named=False)
        return replace(archive, is_doubtful=True) if archive else None

    def _unpacking(self, packed: Address, coding: Coding) -> Unpacking:
        return Unpacking(self.opener, packed, coding, self.allowance)

    def _unpacked(self, name: str, unpacking: Unpacking, is_named: bool, depth: int = _LEVELS) -> _Archive | None:
        """A zip or a tar that something packed holds, packed any number of times."""
        unpacking.go_on(_LOOK)
        start = unpacking.address
        head = self.opener.head(start, _HEAD)
        coding = coding_of(kind_of_head(head[:6]))
        if coding and depth > 1:
            unpacking.stop()
            self.opener.forget(start)
            return self._unpacked(name, self._unpacking(start.original, coding), is_named, depth - 1)
        if head.startswith(ZIP_MAGICS):
            return _Archive(partial(self._list_copied_zip, unpacking), is_doubtful=".zip" not in name.lower())
        is_tar = is_tar_header(head)
        archive = None
        if is_tar or has_tar_magic(head) or names_tar(name):
            members = partial(self._list_unpacked_tar, unpacking)
            archive = self._judged(start, unpacking.size, members, is_named=is_named and is_tar)
        if archive is None and unpacking.flaw and not is_tar and names_tar(name):
            # Cut or damaged before the first member: nothing tells what it holds.
            archive = _Archive(partial(_flawed, unpacking.flaw), is_doubtful=True)
        if archive is None:
            unpacking.stop()
            self.opener.forget(start)
        return archive

    def _list_unpacked_tar(self, unpacking: Unpacking) -> Iterator[Listed]:
        unpacking.go_on()
        if unpacking.flaw:
            yield Flaw(unpacking.flaw)
        for item in list_tar(self.opener, unpacking.address, unpacking.size):
            # Where the compressed stream is cut, so is the tar; once is enough to say it.
            if not (unpacking.flaw and isinstance(item, Flaw) and not item.name):
                yield item

    def _judged(
        self, tar: Address, size: int, members: Callable[[], Iterator[Listed]], *, is_named: bool
    ) -> _Archive | None:
        is_download = looks_like_download(first_members(self.opener, tar, size, _LOOK_MEMBERS), self.opener, tar)
        return _Archive(members, is_doubtful=not is_download) if is_download or is_named else None


def _in_pieces(split: SplitArchive) -> str:
    shown = [*split.missing[:_MOST_MISSING]]
    if len(split.missing) > _MOST_MISSING:
        shown.append(f"{len(split.missing) - _MOST_MISSING:,} more")
    return f"it is one of the pieces of {split.name}, of which these are missing: {', '.join(shown)}"


def _is_flawed(listed: Iterable[Listed]) -> bool:
    return any(isinstance(item, Flaw) and not item.is_empty for item in listed)


def _flawed(reason: str) -> Iterator[Listed]:
    yield Flaw(reason)


def _until_unreadable(archive: _Archive) -> Iterator[Listed]:
    try:
        yield from archive.list()
    except OSError as error:
        yield Flaw(error.strerror or str(error))


def _may_be_archive(name: str) -> bool:
    """Whether a file so named is worth a look: its ending is an archive's, or it has none and isn't a digest."""
    stem, ending = _split_ending(name.lower())
    if ending in UNFINISHED_ENDINGS:
        stem, ending = _split_ending(stem)
    if ending in _ENCODED_ENDINGS or (ending == ".txt" and _split_ending(stem)[1] in _ARCHIVE_ENDINGS):
        return True
    if _FIRST_PIECE.fullmatch(ending) and names_archive(stem):
        return True
    if ending and ending not in _ARCHIVE_ENDINGS:
        return False
    return not _HEX_NAME.match(stem) and Digest.from_name(stem) is None


def _split_ending(name: str) -> tuple[str, str]:
    stem, dot, ending = name.rpartition(".")
    return (stem, dot + ending) if dot else (name, "")
