"""Decompressing archives and their members within bounds."""

from __future__ import annotations

import errno
import threading
from typing import Final

from importer.formats.decoders import Coding, decoder_of
from importer.formats.streams import Ending
from importer.places.address import Address, Copied, Unpacked
from importer.places.opener import Opener, decoded
from importer.places.spool import Spool

_FLOOR: Final = 512 << 20
_RATIO: Final = 50
_FLAWS: Final = {
    Ending.TRUNCATED: "the archive's end is missing; the rest is used",
    Ending.TOO_LARGE: "unpacking it takes more than 130 MiB of memory; unpack it yourself and give the folder",
    Ending.CORRUPT: "the archive's compressed data is damaged; the data before the damage is used",
}


class TooLargeError(OSError):
    """More would come out of an archive than any download holds."""

    def __init__(self) -> None:
        super().__init__(
            errno.EFBIG,
            f"it expands more than {_RATIO}-fold, as an attack would; if you trust it, unpack it yourself and "
            "give the folder",
        )


class Allowance:
    """What may come out of all compressed archives of one source together, in bytes.

    Layers are compressed themselves, so downloads hardly shrink; nested bombs live from shrinking
    a thousandfold, and from many of them. Hence one allowance for all: 512 MiB, and 50 bytes for
    each byte that an archive has on disk.
    """

    def __init__(self) -> None:
        self._left = _FLOOR
        self._lock = threading.Lock()

    def grow(self, archive_size: int) -> None:
        """An archive of so many bytes on disk takes part."""
        with self._lock:
            self._left += _RATIO * archive_size

    def spend(self, size: int) -> None:
        """So many bytes are to come out; raises TooLargeError when they may not."""
        with self._lock:
            if size > self._left:
                raise TooLargeError
            self._left -= size

    def give_back(self, size: int) -> None:
        """So many bytes came out only to be measured."""
        with self._lock:
            self._left += size


class Unpacking:
    """A file that can be read forward only, on its way into a temporary copy, as far as it was asked for.

    Attributes:
        flaw: why less than everything came out; empty while nothing is wrong.
    """

    def __init__(self, opener: Opener, packed: Address, coding: Coding, allowance: Allowance) -> None:
        self._spool = Spool()
        self._opener = opener
        self._original = packed if coding is Coding.STORED else Unpacked(packed, coding)
        self._decoder = decoder_of(coding)
        self._pieces = decoded(opener.open(packed), self._decoder)
        self._allowance = allowance
        self._is_over = False
        self.flaw = ""

    @property
    def size(self) -> int:
        """Bytes that came out so far."""
        return self._spool.size

    @property
    def address(self) -> Copied:
        """Where what came out so far can be read at any place."""
        copied = Copied(self._original, self.size)
        self._opener.keep(copied, self._spool)
        return copied

    def go_on(self, size: int | None = None) -> None:
        """Go on until ``size`` bytes came out, or all."""
        while not self._is_over and (size is None or self._spool.size < size):
            try:
                self._take()
            except OSError as error:
                self._end(error.strerror or str(error))

    def stop(self) -> None:
        """No more of it is needed."""
        self._pieces.close()

    def _take(self) -> None:
        piece = next(self._pieces, b"")
        if piece:
            self._allowance.spend(len(piece))
            self._spool.append(piece)
            return
        ending = self._decoder.close()
        self._end(_FLAWS.get(ending, ""))

    def _end(self, flaw: str) -> None:
        self.flaw = flaw
        self._is_over = True
        self.stop()
