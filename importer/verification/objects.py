"""The objects of an output by their names, as other programs find them: nothing is searched for, nothing mended."""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from importer.errors import UsageError
from importer.formats.signatures import TAR_BLOCK
from importer.places.address import Address, FileOnDisk, Part
from importer.places.store import EntryKind, Store, joined

_END: Final = 2 * TAR_BLOCK
"""Zeros that end a tar (POSIX.1-1988, ustar)."""

_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Objects:
    """What an output holds.

    Attributes:
        addresses: where the bytes of each object are.
        sizes: in bytes.
        flaws: what keeps programs from finding all of them.
    """

    addresses: Mapping[str, Address]
    sizes: Mapping[str, int]
    flaws: tuple[str, ...] = ()

    def __contains__(self, name: str) -> bool:
        return name in self.addresses


def objects_in_store(store: Store) -> Objects:
    """Everything below a folder, or in a bucket; raises OSError."""
    keys = [*_keys(store)]
    sizes = {key: store.stat(key).size for key in keys}
    return Objects({key: store.address(key) for key in keys}, sizes)


def objects_in_tar(path: Path) -> Objects:
    """The members of a plain tar; raises UsageError for what is none, and OSError."""
    members: list[tarfile.TarInfo] = []
    flaws: tuple[str, ...] = ()
    try:
        # As Python's library reads it, which knows nothing of our own repairs.
        with tarfile.open(path, "r:") as archive:
            # What was found before an error stays.
            members.extend(member for member in archive if member.isreg())
    except tarfile.TarError as error:
        if not members:
            raise UsageError(f"{path}: is not a tar ({error}); unpack it first if it is compressed") from error
        flaws = (f"the archive can't be read to its end: {error}",)
    whole = FileOnDisk(str(path))
    return Objects(
        {_name(member): Part(whole, member.offset_data, member.size) for member in members},
        {_name(member): member.size for member in members},
        (*flaws, *_repeated(map(_name, members)), *_flaws_of_end(path, members)),
    )


def _name(member: tarfile.TarInfo) -> str:
    return member.name.removeprefix("./")


def _repeated(names: Iterable[str]) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"{name} is in the archive {count} times, and programs read different ones"


def _flaws_of_end(path: Path, members: list[tarfile.TarInfo]) -> Iterator[str]:
    last = max((member.offset_data + member.size for member in members), default=0)
    end = -(-last // TAR_BLOCK) * TAR_BLOCK
    with path.open("rb") as stream:
        stream.seek(end)
        count = 0
        while block := stream.read(_BLOCK):
            if block.count(0) != len(block):
                yield f"the archive can't be read beyond byte {end:,}"
                return
            count += len(block)
    if count < _END:
        yield f"the archive is cut short: its end is missing at byte {end + count:,}"


def _keys(store: Store) -> Iterator[str]:
    folders = [""]
    while folders:
        folder = folders.pop()
        for entry in store.list(folder):
            key = joined(folder, entry.name)
            if entry.kind is EntryKind.FOLDER:
                folders.append(key)
            elif entry.kind is EntryKind.FILE:
                yield key
