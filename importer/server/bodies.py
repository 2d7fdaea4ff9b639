"""A blob's bytes on their way out, block by block."""

from __future__ import annotations

from collections.abc import Iterator

from importer.places.opener import Opener
from importer.plan.blobs import ProvenBlob


def body_of(blob: ProvenBlob, opener: Opener, start: int, stop: int) -> Iterator[bytes]:
    """The bytes from ``start`` to before ``stop``; raises OSError and DecodeError."""
    return opener.blocks(blob.recipe, start=start, length=stop - start)
