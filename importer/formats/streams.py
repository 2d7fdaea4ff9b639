"""The interface of all streaming decoders."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from enum import StrEnum


class Ending(StrEnum):
    """How a compressed stream ends."""

    COMPLETE = "complete"
    TRUNCATED = "truncated"
    TRAILER_CUT = "trailer-cut"
    CORRUPT = "corrupt"
    TRAILING_DATA = "trailing-data"
    TOO_LARGE = "too-large"


class DecodedStream(ABC):
    """A decoder that withholds no good byte.

    Attributes:
        consumed: compressed bytes that were decoded without an error.
        members: whole members or frames seen.
        ending: how the stream ends; None before its end is reached.
        broken_at: offset of the first byte at which a decoder can notice damage; None where there is none,
            or where only ``formats.deflate.first_bad_byte`` can find it.
    """

    def __init__(self) -> None:
        self.consumed = 0
        self.members = 0
        self.ending: Ending | None = None
        self.broken_at: int | None = None

    @abstractmethod
    def feed(self, block: bytes) -> Iterator[bytes]:
        """Take the next compressed bytes; yield the decompressed ones in pieces of bounded size."""

    @abstractmethod
    def close(self) -> Ending:
        """Take the end of the input; return how the stream ended."""


class StoredStream(DecodedStream):
    """Bytes that are kept as they are."""

    def feed(self, block: bytes) -> Iterator[bytes]:
        """Give the bytes back."""
        self.consumed += len(block)
        yield block

    def close(self) -> Ending:
        """They end where they end."""
        self.ending = Ending.COMPLETE
        return self.ending
