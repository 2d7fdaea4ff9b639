"""Archives that were split into several files: their pieces are found by their names, and by what they hold.

Sources: split(1); 7-Zip's volumes (``.001``); zip(1), "split archives" (``.z01`` to ``.zip``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Final

from importer.domain.piece_names import PieceName, piece_names
from importer.formats.decoders import coding_of
from importer.formats.signatures import TAR_BLOCK, is_tar_header, kind_of_head
from importer.places.address import Joined, Part, can_seek
from importer.places.opener import Opener
from importer.sources.download_marks import names_archive
from importer.sources.encoded_archives import ZIP_MAGICS, begins_archive
from importer.sources.source_file import SourceFile
from importer.sources.tar_search import TarSearch
from importer.sources.zip_archive import has_directory_end

_MOST_PIECES: Final = 10_000
_MOST_NUMBERS: Final = 2
"""Numbers for each piece that is here: where more are missing, the numbers are none of pieces."""

_MOST_REORDERED: Final = 5
"""Pieces of which other orders are tried, if their names' order makes no archive."""

_DIGEST: Final = re.compile(r"(?:sha\d+\W*_*)?[0-9a-f]{32}", re.IGNORECASE)
"""Blobs, and their pieces: no archives. Stores have hundreds of thousands of them."""

_VOLUME: Final = re.compile(r"(?P<stem>.+)\.z(?P<number>\d{2,5})", re.IGNORECASE)

_Series = list[tuple[int, SourceFile]]


@dataclass(frozen=True, slots=True)
class SplitArchive:
    """An archive in pieces.

    Attributes:
        pieces: in the order of their names.
        name: the name that the whole has without its pieces' numbers.
        missing: names of pieces that aren't here.
        readable: how many of the pieces are read, from the first on; 0 where the beginning is missing.
    """

    pieces: tuple[SourceFile, ...]
    name: str
    missing: tuple[str, ...]
    readable: int

    @property
    def whole(self) -> SourceFile:
        """The archive, or as much as can be read of it."""
        return self._joined(self.pieces[: self.readable])

    def other_orders(self) -> Iterator[SourceFile]:
        """The archive, if its pieces' names lie: the last one is the one of another size, if there is one."""
        if self.missing or len(self.pieces) > _MOST_REORDERED:
            return
        sizes = [piece.size for piece in self.pieces]
        odd = [piece for piece in self.pieces if sizes.count(piece.size) == 1 and piece.size < max(sizes)]
        for order in permutations(self.pieces):
            if order != self.pieces and (len(odd) != 1 or order[-1] is odd[0]):
                yield self._joined(order)

    def _joined(self, pieces: Sequence[SourceFile]) -> SourceFile:
        address = Joined(tuple(Part(piece.address, 0, piece.size) for piece in pieces))
        first = self.pieces[0]
        size = sum(piece.size for piece in pieces)
        return replace(first, parts=(*first.parts[:-1], self.name), size=size, address=address)


def split_archives(files: Iterable[SourceFile], opener: Opener) -> Iterator[SplitArchive]:
    """The archives that lie in pieces among the files of one source."""
    folders: dict[str, list[SourceFile]] = {}
    for file in files:
        folders.setdefault(file.folder, []).append(file)
    for together in folders.values():
        yield from _split_archives_in(together, opener)


def _split_archives_in(folder: Sequence[SourceFile], opener: Opener) -> Iterator[SplitArchive]:
    by_name = {file.path: file for file in folder}
    found: dict[tuple[str, bool, str], list[tuple[PieceName, SourceFile]]] = {}
    volumes: dict[str, _Series] = {}
    for file in by_name.values():
        if match := _VOLUME.fullmatch(file.name):
            volumes.setdefault(file.folder + match["stem"], []).append((int(match["number"]), file))
            continue
        if _DIGEST.match(file.name):
            continue
        for piece in piece_names(file.name):
            # Most names end in letters, `.txt`, which only count where nearly all that precede are here.
            if piece.order <= _MOST_NUMBERS * min(len(by_name), _MOST_PIECES):
                found.setdefault((piece.stem, piece.is_lettered, piece.ending), []).append((piece, file))
    yield from (_volumes(stem, sorted(series, key=_order), by_name) for stem, series in volumes.items())
    for group in found.values():
        if 1 < len(group) <= _MOST_PIECES and (archive := _archive_of(group, opener)):
            yield archive


def _order(numbered: tuple[int, SourceFile]) -> int:
    return numbered[0]


def _volumes(stem: str, series: _Series, by_name: dict[str, SourceFile]) -> SplitArchive:
    """The volumes of a zip; the last one has no number."""
    last = next((by_name[stem + ending] for ending in (".zip", ".ZIP") if stem + ending in by_name), None)
    name = re.split(r"[/\\]", stem)[-1]
    there = dict(series)
    names = {number: f"{name}.z{number:02d}" for number in range(1, min(max(there), _MOST_PIECES) + 1)}
    missing = [spelled for number, spelled in names.items() if number not in there]
    readable = next((number - 1 for number in names if number not in there), len(there) + (last is not None))
    pieces = (*(file for _, file in series), *((last,) if last else ()))
    return SplitArchive(pieces, f"{name}.zip", (*missing, *(() if last else (f"{name}.zip",))), readable)


def _archive_of(group: Sequence[tuple[PieceName, SourceFile]], opener: Opener) -> SplitArchive | None:
    group = sorted(group, key=lambda piece: piece[0].order)
    first, files = group[0][0], tuple(file for _, file in group)
    missing = _missing([piece for piece, _ in group])
    if missing is None:
        return None
    whole = SplitArchive(
        pieces=files,
        name=f"{first.stem}{first.ending}" or files[0].name,
        missing=tuple(first.name_of(order) for order in missing),
        readable=next((n for n, (piece, _) in enumerate(group) if piece.order != first.order + n), len(group)),
    )
    try:
        readable = _readable(whole, opener)
    except OSError:
        return None
    return None if readable is None else replace(whole, readable=readable)


def _readable(split: SplitArchive, opener: Opener) -> int | None:
    """How many of the pieces can be read, from the first on; None where they are none of an archive."""
    files = split.pieces
    if len(files) > _MOST_REORDERED and not begins_archive(_head(files[0], opener)):
        return 0 if split.missing and names_archive(split.name) else None
    heads = [_head(file, opener) for file in files]
    packed = [number for number, head in enumerate(heads) if _begins_packed(head)]
    if any(map(is_tar_header, heads)):
        # The cut of a tar may well be before a header; behind a whole tar, it is another one.
        return len(files) if not packed and not _is_whole_tar(files[0], opener) else None
    if not packed:
        return 0 if split.missing and names_archive(split.name) else None
    is_whole_zip = heads[0].startswith(ZIP_MAGICS) and has_directory_end(opener, files[0].address)
    if len(packed) > 1 or is_whole_zip:
        return None
    return split.readable if packed == [0] or not split.missing else 0


def _head(file: SourceFile, opener: Opener) -> bytes:
    return opener.head(file.address, TAR_BLOCK)


def _missing(pieces: Sequence[PieceName]) -> list[int] | None:
    """The numbers of the pieces that aren't here; None where the numbers are none of pieces."""
    first, orders = pieces[0], {piece.order for piece in pieces}
    start = 0 if first.is_lettered or first.order == 0 else 1
    end = max(pieces[-1].order + 1, start + (first.total or 0))
    if len(orders) < len(pieces) or end - start > _MOST_NUMBERS * len(pieces):
        return None
    return [order for order in range(start, end) if order not in orders]


def _begins_packed(head: bytes) -> bool:
    return head.startswith(ZIP_MAGICS) or coding_of(kind_of_head(head[:6])) is not None


def _is_whole_tar(file: SourceFile, opener: Opener) -> bool:
    with opener.open(file.address) as stream:
        return TarSearch(stream, file.size).is_ended() if can_seek(file.address) else True
