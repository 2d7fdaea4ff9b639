"""The steps that mend a tree, as data. Each is safe to repeat, and none removes what isn't a copy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from importer.domain.digest import Digest
from importer.domain.storage_paths import blob_path
from importer.places.store import Stamp
from importer.plan.blobs import ProvenBlob


@dataclass(frozen=True, slots=True)
class MoveBlob:
    """A file whose digest was computed goes to its place.

    Attributes:
        source: where it is.
        digest: of its bytes.
        stamp: tells whether it has changed since.
        keeps_source: whether it is in another blob's place, where it stays until that blob comes.
    """

    source: str
    digest: Digest
    stamp: Stamp
    keeps_source: bool = False


@dataclass(frozen=True, slots=True)
class WriteBlob:
    """A blob is written as its recipe makes it."""

    blob: ProvenBlob


@dataclass(frozen=True, slots=True)
class MakeFolder:
    """A folder that a registry looks for."""

    path: str


@dataclass(frozen=True, slots=True)
class WriteLink:
    """A link is written; ``is_tag`` says that it makes an image visible."""

    path: str
    digest: Digest
    is_tag: bool = False


@dataclass(frozen=True, slots=True)
class SetAside:
    """An entry goes to the folder of things set aside."""

    path: str


@dataclass(frozen=True, slots=True)
class Relocate:
    """Half of the tree goes to where a registry looks for it; paths are relative to the root."""

    source: str
    target: str


Step = MoveBlob | WriteBlob | MakeFolder | WriteLink | SetAside | Relocate


def places_of(step: Step) -> tuple[str, ...]:
    """The paths in the storage at which a step changes something; a root that moves is looked at as it does."""
    match step:
        case MoveBlob(source=source, digest=digest):
            return source, blob_path(digest)
        case WriteBlob(blob):
            return (blob_path(blob.digest),)
        case MakeFolder(path) | WriteLink(path) | SetAside(path):
            return (path,)
    return ()


def in_phases(steps: Iterable[Step]) -> list[list[Step]]:
    """Each step once: blobs before links, links before tags, then what has been replaced, the whole tree last."""
    return [list(phase) for _, phase in groupby(sorted(dict.fromkeys(steps), key=_rank), key=_rank)]


def _rank(step: Step) -> int:
    match step:
        case MoveBlob() | WriteBlob():
            return 0
        case MakeFolder():
            return 1
        case WriteLink(is_tag=is_tag):
            return 3 if is_tag else 2
        case SetAside():
            return 4
    return 5
