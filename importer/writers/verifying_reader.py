"""The only door through which a blob's bytes reach an output."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from importer.domain.digest import Digest
from importer.errors import BombError, ContentMismatchError, DecodeError, InputError, VerificationError
from importer.formats.signatures import FileKind, kind_of_head
from importer.inspection.content import can_decompress
from importer.plan.blobs import BlobPlan, ProvenBlob
from importer.plan.recipe_blocks import blocks_of
from importer.plan.recipes import Decompressed, Recipe, files_of

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
        raise _unreadable(blob, error) from error
    if size != blob.size or hashed.hexdigest() != blob.digest.hex:
        raise VerificationError(
            f"{_sources(blob)} has changed while it was being read: it no longer makes {blob.digest}. "
            "Nothing was finished; run the command again when the file is at rest"
        )


def kind_of_blob(blob: ProvenBlob) -> FileKind:
    """What a blob's first bytes say it is; raises InputError when a file can't be read any more."""
    try:
        return kind_of_head(next(iter(blocks_of(blob.recipe)), b""))
    except OSError as error:
        raise _unreadable(blob, error) from error


def unpacked(layer: BlobPlan, advance: Advance) -> ProvenBlob:
    """The layer's content, proven by its diff_id, with its size; raises as ``unpacked_blocks`` does."""
    if layer.content:
        return layer.content
    return unpacked_blob(layer, sum(map(len, unpacked_blocks(layer, advance))))


def unpacked_blocks(layer: BlobPlan, advance: Advance) -> Iterator[bytes]:
    """Yield the layer's content, and end only if the diff_id proves it; its size need not be known.

    Raises ContentMismatchError when the layer doesn't hold what the image's config says, BombError when it
    grows beyond all reason, and InputError when a file can't be read any more.
    """
    diff_id, recipe = _content_of(layer)
    hashed = hashlib.new(diff_id.algorithm)
    try:
        for block in blocks_of(recipe):
            hashed.update(block)
            yield block
            advance(len(block))
    except OSError as error:
        raise InputError(f"{error.filename or 'a file'}: can't be read any more: {error.strerror}") from error
    except BombError as error:
        raise BombError(
            f"layer {layer.descriptor.digest} is no layer that anybody could run: {error}. Nothing was written; "
            "to-oci-layout and to-registry-tree keep such a layer packed, as it is"
        ) from error
    except DecodeError as error:
        raise _wrong_content(layer, diff_id) from error
    if hashed.hexdigest() != diff_id.hex:
        raise _wrong_content(layer, diff_id)


def unpacked_blob(layer: BlobPlan, size: int) -> ProvenBlob:
    """The layer's content, whose size (bytes) ``unpacked_blocks`` has shown."""
    diff_id, recipe = _content_of(layer)
    return ProvenBlob(diff_id, size, recipe)


def _content_of(layer: BlobPlan) -> tuple[Digest, Recipe]:
    if layer.content:
        return layer.content.digest, layer.content.recipe
    if not layer.exact or not layer.diff_id:
        raise ContentMismatchError(f"layer {layer.descriptor.digest} has no diff_id to check it by")
    kind = kind_of_blob(layer.exact)
    recipe = layer.exact.recipe
    return layer.diff_id, Decompressed(recipe, kind) if can_decompress(kind) else recipe


def _wrong_content(layer: BlobPlan, diff_id: Digest) -> ContentMismatchError:
    return ContentMismatchError(
        f"layer {layer.descriptor.digest} doesn't hold what the config says: its content isn't {diff_id}. "
        "No docker can load this image; scan --deep tells more"
    )


def _unreadable(blob: ProvenBlob, error: OSError) -> InputError:
    return InputError(f"{error.filename or _sources(blob)}: can't be read any more: {error.strerror}")


def _sources(blob: ProvenBlob) -> str:
    return ", ".join(file.path for file in files_of(blob.recipe)) or "a built-in blob"
