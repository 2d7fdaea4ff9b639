"""A tar in pieces of a given size, for media that take no large files; joined, they are the tar byte for byte.

Sources: split(1) and 7-Zip (``.001``) for the names; sha256sum(1) for the file with the digest.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from importer.errors import UsageError
from importer.places.durability import Durability
from importer.places.placing import Placing
from importer.places.space import demand_space
from importer.places.unfinished import output_errors, remove_leftovers, unfinished_folder
from importer.progress import Progress
from importer.words.printable import for_shell
from importer.writers.oci_layout import TarMember
from importer.writers.tar_file import size_of_tar, stream_members
from importer.writers.verifying_reader import VerifyingReader

_MOST_PIECES: Final = 10_000
_DIGITS: Final = 3


def joining_command(target: Path, pieces: Sequence[Path], system: str = os.name) -> str:
    """What joins the pieces where they are loaded: in a shell, or in the command prompt of Windows."""
    if system == "nt":
        joined = "+".join(f'"{piece}"' for piece in pieces)
        return f'copy /b {joined} "{target}" && docker load -i "{target}"'
    digits = len(pieces[0].name) - len(target.name) - 1
    return f"cat {for_shell(os.fspath(target))}.{'[0-9]' * digits} | docker load"


@dataclass(frozen=True, slots=True)
class SplitTar:
    """Where the pieces go: beside each other, with the name of the whole and a number.

    Attributes:
        target: the name of the whole.
        piece_size: bytes of each piece but the last.
        durability: whether pieces are on the disk before the first one has its name.
    """

    target: Path
    piece_size: int
    durability: Durability

    def demand_no_pieces(self) -> None:
        """Raise UsageError where older pieces lie, as they could be joined with the new ones."""
        former = re.compile(rf"{re.escape(self.target.name)}\.(?:[0-9]{{{_DIGITS},}}|sha256)", re.IGNORECASE)
        for path in sorted(self.target.parent.iterdir()):
            if former.fullmatch(path.name):
                raise UsageError(
                    f"{path}: is there already; remove all pieces of {self.target.name} first, or give another name"
                )

    def write(self, members: Sequence[TarMember], reader: VerifyingReader, progress: Progress) -> tuple[Path, ...]:
        """Write the pieces and the digest of the whole; the first piece appears last.

        Raises UsageError for too many pieces, OutputError, and what ``VerifyingReader.blocks`` raises.
        """
        total = size_of_tar(members)
        count = -(-total // self.piece_size)
        if count > _MOST_PIECES:
            raise UsageError(f"these would be {count:,} pieces; give a larger size with --split")
        pieces = [self._piece(number, max(_DIGITS, len(str(count)))) for number in range(1, count + 1)]
        progress.start("Writing", sum(member.size for member in members))
        with output_errors(self.target):
            remove_leftovers(self.target.parent)
            with unfinished_folder(self.target.parent) as scratch:
                demand_space(self.target.parent, total)
                writer = _Writer([scratch / piece.name for piece in pieces], self.piece_size, self.durability)
                with writer:
                    stream_members(members, writer.write, reader, progress.advance)
                self._place(scratch, pieces, writer.hexdigest)
        progress.stop()
        return tuple(pieces)

    def _place(self, scratch: Path, pieces: Sequence[Path], hexdigest: str) -> None:
        checksum = scratch / self._checksum.name
        checksum.write_bytes(f"{hexdigest}  {self.target.name}\n".encode(errors="surrogateescape"))
        self.durability.files([checksum])
        with Placing(scratch, self.durability) as placing:
            placing.file(checksum, self._checksum)
            for piece in reversed(pieces):
                placing.file(scratch / piece.name, piece)
            placing.settle()

    @property
    def _checksum(self) -> Path:
        return self.target.with_name(f"{self.target.name}.sha256")

    def _piece(self, number: int, digits: int) -> Path:
        return self.target.with_name(f"{self.target.name}.{number:0{digits}}")


class _Writer:
    """Writes one piece after the other, and hashes them together."""

    def __init__(self, paths: Sequence[Path], size: int, durability: Durability) -> None:
        self._paths = iter(paths)
        self._size = size
        self._durability = durability
        self._hash = hashlib.sha256()
        self._piece: BinaryIO | None = None
        self._left = 0

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    @property
    def hexdigest(self) -> str:
        """The sha256 of all that was written."""
        return self._hash.hexdigest()

    def write(self, block: bytes) -> None:
        """Append to the whole."""
        self._hash.update(block)
        view = memoryview(block)
        while view:
            if not self._left:
                self._begin()
            part = view[: self._left]
            if self._piece:
                self._piece.write(part)
            self._left -= len(part)
            view = view[len(part) :]

    def _begin(self) -> None:
        self._close()
        self._piece = next(self._paths).open("xb")
        self._left = self._size

    def _close(self) -> None:
        # An interrupt in here must not lead to a second attempt, on a closed file.
        piece, self._piece = self._piece, None
        if piece:
            with piece:
                piece.flush()
                self._durability.stream(piece.fileno())
