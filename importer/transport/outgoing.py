"""What is to be uploaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from importer.domain.digest import Digest

Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class OutgoingBlob:
    """A config or a layer.

    Attributes:
        digest, size: what it is (bytes).
        blocks: makes its bytes, from the first on, each time it is called, and ends only if they are right.
    """

    digest: Digest
    size: int
    blocks: Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class OutgoingManifest:
    """A manifest's exact bytes."""

    digest: Digest
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class OutgoingImage:
    """An image, or an index with its children.

    Attributes:
        blobs: everything that must be there before the manifests.
        manifests: the lowest first, the image's own last.
        tags: what the last manifest is to be called; without one it is known by its digest.
    """

    blobs: tuple[OutgoingBlob, ...]
    manifests: tuple[OutgoingManifest, ...]
    tags: tuple[str, ...]


class Feed:
    """A blob's bytes from any offset on; going on costs nothing, going back reads from the beginning."""

    def __init__(self, blob: OutgoingBlob) -> None:
        self._blob = blob
        self._blocks = blob.blocks()
        self._rest = b""
        self._position = 0

    def part(self, start: int, length: int) -> Iterator[bytes]:
        """The bytes from ``start`` on; raises as the blob's blocks do."""
        if start != self._position:
            self._go_to(start)
        left = length
        while left and (block := self._next()):
            piece, self._rest = block[:left], block[left:]
            self._position += len(piece)
            left -= len(piece)
            yield piece

    def finish(self) -> None:
        """Let the blocks end, which proves them; raises when they are wrong."""
        for _ in self._blocks:
            pass

    def _next(self) -> bytes:
        block, self._rest = self._rest or next(self._blocks, b""), b""
        return block

    def _go_to(self, start: int) -> None:
        if start < self._position or self._rest:
            self._blocks, self._rest, self._position = self._blob.blocks(), b"", 0
        while self._position < start and (block := self._next()):
            skipped = min(len(block), start - self._position)
            self._rest = block[skipped:]
            self._position += skipped
