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
from importer.sources.encoded_archives import ZIP_MAGICS
from importer.sources.source_file import SourceFile
from importer.sources.tar_search import TarSearch
from importer.sources.zip_archive import has_directory_end

_MOST_PIECES: Final = 10_000
_MOST_REORDERED: Final = 5
"""Pieces of which other orders are tried, if their names' order makes no archive."""

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
    by_name = {file.path: file for file in files}
    found: dict[tuple[str, str, bool, str], list[tuple[PieceName, SourceFile]]] = {}
    volumes: dict[str, _Series] = {}
    for file in by_name.values():
        if match := _VOLUME.fullmatch(file.name):
            volumes.setdefault(file.folder + match["stem"], []).append((int(match["number"]), file))
            continue
        for piece in piece_names(file.name):
            key = (file.folder, piece.stem, piece.is_lettered, piece.ending)
            found.setdefault(key, []).append((piece, file))
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
    first = group[0][0]
    files = tuple(file for _, file in group)
    missing = _missing([piece for piece, _ in group])
    name = f"{first.stem}{first.ending}" or files[0].name
    lacking = tuple(first.name_of(order) for order in missing or ())
    if missing is None:
        return None
    try:
        heads = [opener.head(file.address, TAR_BLOCK) for file in files]
        if any(is_tar_header(head) for head in heads):
            # A cut of a tar may well stand before a header; of a whole tar it doesn't matter what follows.
            is_cut = not _is_whole_tar(files[0], opener) and not any(map(_begins_packed, heads))
            return SplitArchive(files, name, lacking, len(files)) if is_cut else None
        packed = [number for number, head in enumerate(heads) if _begins_packed(head)]
        if not packed and lacking and names_archive(name):
            return SplitArchive(files, name, lacking, 0)
        if len(packed) != 1 or (heads[0].startswith(ZIP_MAGICS) and has_directory_end(opener, files[0].address)):
            return None
    except OSError:
        return None
    readable = next((n for n, (piece, _) in enumerate(group) if piece.order != first.order + n), len(group))
    return SplitArchive(files, name, lacking, readable if packed == [0] or not lacking else 0)


def _missing(pieces: Sequence[PieceName]) -> list[int] | None:
    """The numbers of the pieces that aren't here; None where the numbers are none of pieces."""
    first, orders = pieces[0], {piece.order for piece in pieces}
    start = 0 if first.is_lettered or first.order == 0 else 1
    end = max(pieces[-1].order + 1, start + (first.total or 0))
    if len(orders) < len(pieces) or end - start > 2 * len(pieces):
        return None
    return [order for order in range(start, end) if order not in orders]


def _begins_packed(head: bytes) -> bool:
    return head.startswith(ZIP_MAGICS) or coding_of(kind_of_head(head[:6])) is not None


def _is_whole_tar(file: SourceFile, opener: Opener) -> bool:
    with opener.open(file.address) as stream:
        return TarSearch(stream, file.size).is_ended() if can_seek(file.address) else True
