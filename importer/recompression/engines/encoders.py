"""What every engine's encoder can do."""

from __future__ import annotations

from typing import Protocol


class Encoder(Protocol):
    """Raw bytes in, a raw deflate stream (RFC 1951) out."""

    def write(self, data: bytes | memoryview) -> bytes:
        """Take raw bytes; return the compressed bytes ready so far."""

    def finish(self) -> bytes:
        """End the stream; return the rest of it."""


class FlushingEncoder(Encoder, Protocol):
    """An encoder that can start over with a dictionary."""

    def reset(self, dictionary: bytes) -> None:
        """Forget all that came before but the dictionary, and start over."""

    def flush(self) -> bytes:
        """Compress all that was taken in and end at a byte boundary."""
