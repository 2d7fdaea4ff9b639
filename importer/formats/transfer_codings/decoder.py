"""The interface of all decoders of transfer codings."""

from __future__ import annotations

from abc import ABC, abstractmethod


class TransferDecoder(ABC):
    """Undoes a coding, block by block; raises DecodeError for bytes that the coding doesn't have."""

    @abstractmethod
    def feed(self, block: bytes) -> bytes:
        """Take the next bytes; return what they give, as far as that is certain."""

    def close(self) -> bytes:
        """Take the end of the input; return what was held back."""
        return b""
