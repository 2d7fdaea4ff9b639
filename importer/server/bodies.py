"""A blob's bytes on their way out, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from importer.plan.blobs import ProvenBlob
from importer.plan.recipe_blocks import blocks_of
from importer.plan.recipes import Whole

_BLOCK: Final = 1 << 19
"""Bytes that a connection holds at most when its client doesn't read."""


def body_of(blob: ProvenBlob, start: int, stop: int) -> Iterator[bytes]:
    """The bytes from ``start`` to before ``stop``; raises OSError and DecodeError."""
    if isinstance(blob.recipe, Whole):
        yield from _from_file(blob.recipe, start, stop)
        return
    position = 0
    for block in blocks_of(blob.recipe):
        first, last = max(start - position, 0), min(stop - position, len(block))
        if first < last:
            yield block[first:last]
        position += len(block)
        if position >= stop:
            return


def _from_file(recipe: Whole, start: int, stop: int) -> Iterator[bytes]:
    with recipe.file.open() as stream:
        if start and stream.seekable():
            stream.seek(start)
        else:
            _skip(stream.read, start)
        left = stop - start
        while left and (block := stream.read(min(_BLOCK, left))):
            left -= len(block)
            yield block


def _skip(read: Callable[[int], bytes], length: int) -> None:
    while length and (block := read(min(_BLOCK, length))):
        length -= len(block)
