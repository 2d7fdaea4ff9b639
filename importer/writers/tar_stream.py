"""Writing a tar whose bytes depend on its content alone.

Source: POSIX.1-2001 pax; Python's tarfile makes the headers.
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterable
from typing import Final

from importer.formats.signatures import TAR_BLOCK

END: Final = bytes(2 * TAR_BLOCK)
"""Two blocks of zeros end an archive."""


def tar_header(name: str, size: int) -> bytes:
    """The header of a regular file without owner or time; size in bytes.

    Sizes of 8 GiB and more make it a pax header, as they don't fit an octal field of ustar.
    """
    info = tarfile.TarInfo(name)
    info.size = size
    info.mode = 0o644
    return info.tobuf(format=tarfile.PAX_FORMAT, encoding="utf-8")


def padding(size: int) -> bytes:
    """What fills the last block of a member's content."""
    return bytes(-size % TAR_BLOCK)


class TarStream:
    """Writes members one after the other to anything that takes bytes."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write

    def add(self, name: str, size: int, blocks: Iterable[bytes]) -> None:
        """Write a member; ``blocks`` give exactly ``size`` bytes."""
        self._write(tar_header(name, size))
        for block in blocks:
            self._write(block)
        self._write(padding(size))

    def finish(self) -> None:
        """Write the end of the archive."""
        self._write(END)
