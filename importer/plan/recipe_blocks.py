"""Following a recipe: the bytes, unproven. Only a prover and the verifying reader come here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterator

from importer.domain.digest import Digest
from importer.errors import BombError, DecodeError
from importer.formats.streams import Ending
from importer.inspection.content import decoder_for, is_beyond_reason, read_blocks
from importer.plan.recipes import Decompressed, Joined, Literal, Part, Recipe, Recompressed, Whole


def blocks_of(recipe: Recipe) -> Generator[bytes, None, None]:
    """Yield the bytes a recipe makes, in blocks; raises OSError and DecodeError."""
    match recipe:
        case Whole(file):
            yield from read_blocks(file)
        case Part(Whole(file), start, length):
            yield from read_blocks(file, start=start, length=length)
        case Part(whole, start, length):
            yield from _between(blocks_of(whole), start, start + length)
        case Literal(content):
            yield content
        case Joined(pieces):
            for piece in pieces:
                yield from blocks_of(piece)
        case Decompressed():
            yield from _decompressed(recipe)
        case Recompressed():
            yield from _recompressed(recipe)


def digest_made(
    recipe: Recipe, algorithm: str, size: int, advance: Callable[[int], None] = lambda _: None
) -> Digest | None:
    """Follow a recipe that should make so many bytes; gives their digest.

    None when they are more or fewer, or can't be made; stops as soon as there are too many.
    """
    hashed = hashlib.new(algorithm)
    made = 0
    try:
        for block in blocks_of(recipe):
            made += len(block)
            if made > size:
                return None
            hashed.update(block)
            advance(len(block))
    except (OSError, DecodeError):
        return None
    return Digest(algorithm, hashed.hexdigest()) if made == size else None


def _between(blocks: Iterator[bytes], start: int, end: int) -> Iterator[bytes]:
    position = 0
    for block in blocks:
        if piece := block[max(start - position, 0) : max(end - position, 0)]:
            yield piece
        position += len(block)
        if position >= end:
            return


def _decompressed(recipe: Decompressed) -> Iterator[bytes]:
    stream = decoder_for(recipe.kind)
    size = 0
    for block in blocks_of(recipe.packed):
        for piece in stream.feed(block):
            size += len(piece)
            if is_beyond_reason(size, stream.consumed):
                raise BombError(f"{stream.consumed:,} bytes of {recipe.kind} unpack to more than {size:,} bytes")
            yield piece
        if stream.ending is not None:
            break
    # Bytes that follow the stream don't belong to the content; the content itself must be whole.
    if stream.close() not in (Ending.COMPLETE, Ending.TRAILING_DATA):
        raise DecodeError(f"the {recipe.kind} data ends {stream.ending}")


def _recompressed(recipe: Recompressed) -> Iterator[bytes]:
    from importer.recompression import gzip_encoder_of  # noqa: PLC0415 (slow to load, seldom used)

    encoder = gzip_encoder_of(recipe.compressor, recipe.header)
    for block in blocks_of(recipe.plain):
        if packed := encoder.write(block):
            yield packed
    yield encoder.finish()
