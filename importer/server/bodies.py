"""A blob's bytes on their way out, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from importer.places.opener import Opener
from importer.plan.blobs import ProvenBlob

_BLOCK: Final = 1 << 19
"""Bytes read at a time, which a connection holds when its client doesn't read: each block is a step of a thread."""


def body_of(blob: ProvenBlob, opener: Opener, start: int, stop: int) -> Iterator[bytes]:
    """The bytes from ``start`` to before ``stop``; raises OSError and DecodeError."""
    return opener.blocks(blob.recipe, start=start, length=stop - start, block_size=_BLOCK)
