"""The interface of all decoders of transfer codings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

from importer.errors import DecodeError

_FEW: Final = 4096
_LEAST_OF_MANY: Final = 32


class TransferDecoder(ABC):
    """Undoes a coding, block by block; raises DecodeError for bytes that the coding doesn't have."""

    @abstractmethod
    def feed(self, block: bytes) -> bytes:
        """Take the next bytes; return what they give, as far as that is certain."""

    def close(self) -> bytes:
        """Take the end of the input; return what was held back."""
        return b""


class PieceCount:
    """Counts the pieces that a coding consists of; raises DecodeError for many that are absurdly small.

    Each takes the time of some hundred bytes, and no program sends a blob in thousands of them.
    """

    def __init__(self) -> None:
        self._count = 0
        self._size = 0

    def add(self, count: int, size: int) -> None:
        """Count so many more, of ``size`` bytes in all."""
        self._count += count
        self._size += size
        if self._count > _FEW and self._size < self._count * _LEAST_OF_MANY:
            raise DecodeError(f"{self._count:,} pieces of less than {_LEAST_OF_MANY} bytes on average")
