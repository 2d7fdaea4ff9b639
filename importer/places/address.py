"""Where bytes are, or how they come about: addresses, which are plain values.

An address says nothing of what the bytes are, and opens nothing; `places.opener` does. A repair is an address, too:
it makes a blob's bytes of what lies somewhere, and a digest proves it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from importer.formats.decoders import Coding
from importer.formats.signatures import FileKind
from importer.formats.transfer_codings.coding import TransferCoding

if TYPE_CHECKING:
    # Only a layer that lost its compression has any use for the encoders; nothing else loads them.
    from importer.places.store import Store
    from importer.recompression import Compressor, GzipHeader


@dataclass(frozen=True, slots=True)
class FileOnDisk:
    """A regular file."""

    path: str


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object of a store that is no folder on a disk."""

    store: Store
    key: str


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an archive.

    Attributes:
        path: the archive's own path, and below it the member's name.
        content: where its bytes are in the archive.
    """

    path: str
    content: Address


@dataclass(frozen=True, slots=True)
class Part:
    """``length`` bytes of what another address gives, from ``start`` on."""

    whole: Address
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What comes out of a packed member or archive, as far as it is good.

    Attributes:
        packed: where the packed bytes are.
        coding: how they are packed.
        most: bytes that may come out; more is an error. None: whoever opens it bounds it.
    """

    packed: Address
    coding: Coding
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Copied:
    """The first ``size`` bytes of what can be read forward only, as a temporary copy that can be read anywhere."""

    original: Address
    size: int


@dataclass(frozen=True, slots=True)
class Literal:
    """Bytes that are built in or restored from a small document."""

    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Joined:
    """Several addresses, one after the other."""

    pieces: tuple[Address, ...]

    def __hash__(self) -> int:
        # A file in thousands of pieces is looked up for thousands of blobs; its ends tell it from others.
        return hash((len(self.pieces), self.pieces[:1], self.pieces[-1:]))


@dataclass(frozen=True, slots=True)
class Decompressed:
    """What comes out of a whole compressed stream; one that isn't whole is an error."""

    packed: Address
    kind: FileKind


@dataclass(frozen=True, slots=True)
class Decoded:
    """The bytes that another address has in a transfer coding; what isn't of that coding is an error."""

    encoded: Address
    coding: TransferCoding


@dataclass(frozen=True, slots=True)
class Recompressed:
    """The gzip file that a compressor makes of another address's bytes, behind a header."""

    plain: Address
    compressor: Compressor
    header: GzipHeader


Address = (
    FileOnDisk
    | StoredObject
    | Member
    | Part
    | Unpacked
    | Copied
    | Literal
    | Joined
    | Decompressed
    | Decoded
    | Recompressed
)


def is_a_file(address: Address) -> bool:
    """Whether the bytes are those of a file, an object or an archive's member, whole."""
    return isinstance(address, FileOnDisk | StoredObject | Member)


def can_seek(address: Address) -> bool:
    """Whether a stream over it can be read at any place."""
    match address:
        case FileOnDisk() | StoredObject() | Copied() | Literal():
            return True
        case Member(_, inner) | Part(inner):
            return can_seek(inner)
        case Joined(pieces):
            # Where the next piece begins is known only of parts, which have a length.
            return all(isinstance(piece, Part) and can_seek(piece) for piece in pieces)
    return False


def decoded_within(address: Address) -> Decoded | None:
    """What was decoded to get at the bytes: they themselves, or the archive that they are a member of."""
    return next((layer for layer in _layers(address) if isinstance(layer, Decoded)), None)


def joined_within(address: Address) -> Joined | None:
    """The archive in pieces that the bytes come from."""
    return next((layer for layer in _layers(address) if isinstance(layer, Joined)), None)


def paths_of(address: Address) -> tuple[str, ...]:
    """The paths of the files and members from which bytes are taken, in order."""
    match address:
        case FileOnDisk(path) | Member(path):
            return (path,)
        case StoredObject(store, key):
            return (store.shown(key),)
    return tuple(path for each in _within(address) for path in paths_of(each))


def stored_in(address: Address) -> tuple[FileOnDisk | StoredObject, ...]:
    """The files and objects from which bytes are taken, in order: archives, not their members."""
    if isinstance(address, FileOnDisk | StoredObject):
        return (address,)
    return tuple(stored for each in _within(address) for stored in stored_in(each))


def _layers(address: Address) -> Iterator[Address]:
    """An address, and what lies under it, as far as that is one other address each time."""
    yield address
    while not isinstance(address, Joined) and (within := _within(address)):
        (address,) = within
        yield address


def _within(address: Address) -> tuple[Address, ...]:
    """The addresses from which another takes its bytes, in order."""
    match address:
        case (
            Member(_, inner)
            | Part(inner)
            | Unpacked(inner)
            | Copied(inner)
            | Decompressed(inner)
            | Decoded(inner)
            | Recompressed(inner)
        ):
            return (inner,)
        case Joined(pieces):
            return pieces
    return ()
