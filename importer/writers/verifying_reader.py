"""The only door through which a blob's bytes reach an output."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from importer.errors import InputError, VerificationError
from importer.inspection.content import can_decompress
from importer.inspection.signatures import FileKind, kind_of_head
from importer.recovery.plan import BlobPlan, ProvenBlob
from importer.recovery.recipe_blocks import blocks_of, makes
from importer.recovery.recipes import Decompressed, files_of

Advance = Callable[[int], None]


def verified_blocks(blob: ProvenBlob, advance: Advance) -> Iterator[bytes]:
    """Yield a blob's bytes and end only if size and digest are right.

    Raises VerificationError instead of ending, or as soon as too many bytes come, so that no
    caller can take a wrong blob for a whole one; InputError when a file can't be read any more.
    """
    hashed, size = hashlib.new(blob.digest.algorithm), 0
    try:
        for block in blocks_of(blob.recipe):
            size += len(block)
            if size > blob.size:
                break
            hashed.update(block)
            yield block
            advance(len(block))
    except OSError as error:
        raise InputError(f"{error.filename or _sources(blob)}: can't be read any more: {error.strerror}") from error
    if size != blob.size or hashed.hexdigest() != blob.digest.hex:
        raise VerificationError(
            f"{_sources(blob)} has changed while it was being read: it no longer makes {blob.digest}. "
            "Nothing was finished; run the command again when the file is at rest"
        )


def kind_of_blob(blob: ProvenBlob) -> FileKind:
    """What a blob's first bytes say it is."""
    return kind_of_head(next(iter(blocks_of(blob.recipe)), b""))


def unpacked(layer: BlobPlan, advance: Advance) -> ProvenBlob:
    """The layer's content, proven by its diff_id, with its size.

    Raises VerificationError when the layer doesn't hold what the image's config says.
    """
    if layer.content:
        return layer.content
    if not layer.exact or not layer.diff_id:
        raise VerificationError(f"layer {layer.descriptor.digest} has no diff_id to check it by")
    kind = kind_of_blob(layer.exact)
    recipe = Decompressed(layer.exact.recipe, kind) if can_decompress(kind) else layer.exact.recipe
    size = makes(recipe, layer.diff_id, None, advance)
    if size is None:
        raise VerificationError(
            f"layer {layer.descriptor.digest} doesn't hold what the config says: its content isn't {layer.diff_id}. "
            "No docker can load this image; scan --deep tells more"
        )
    return ProvenBlob(layer.diff_id, size, recipe)


def _sources(blob: ProvenBlob) -> str:
    return ", ".join(file.path for file in files_of(blob.recipe)) or "a blob known by heart"
