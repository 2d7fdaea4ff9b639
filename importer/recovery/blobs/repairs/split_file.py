"""Join the pieces that a splitting program or a download in ranges has left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from importer.domain.piece_names import piece_names
from importer.inspection.file_facts import FileFacts
from importer.places.address import Joined
from importer.plan.causes import Split
from importer.recovery.blobs.repairs.attempt import Attempt, Wanted

_MAX_PIECES: Final = 10_000


def attempts(wanted: Wanted) -> Iterator[Attempt]:
    """Propose each series of numbered or lettered files whose sizes add up to the blob's."""
    for pieces in wanted.candidates.indexed_by(_by_sum).get(wanted.descriptor.size, ()):
        recipe = Joined(tuple(fact.file.address for fact in pieces))
        yield Attempt(recipe, Split(tuple(fact.file.path for fact in pieces)), pieces[0])


def _by_sum(facts: Sequence[FileFacts]) -> Mapping[int, Sequence[Sequence[FileFacts]]]:
    found: dict[int, list[Sequence[FileFacts]]] = {}
    for series in numbered_series(facts):
        pieces = [fact for _, fact in series]
        found.setdefault(sum(fact.size for fact in pieces), []).append(pieces)
    return found


def numbered_series(files: Iterable[FileFacts]) -> Iterator[list[tuple[int, FileFacts]]]:
    """Files that are numbered or lettered alike, two at least, each with its number, in their order."""
    found: dict[tuple[str, str], list[tuple[int, FileFacts]]] = {}
    for fact in files:
        for piece in piece_names(fact.file.name):
            # Two PATHs, or two archives, may hold folders of one name; pieces belong together in one place only.
            found.setdefault((str(Path(fact.file.path).parent), piece.stem), []).append((piece.order, fact))
    for series in found.values():
        if 1 < len(series) <= _MAX_PIECES:
            yield sorted(series, key=lambda piece: piece[0])
