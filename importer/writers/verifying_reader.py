"""The only door through which a blob's bytes reach an output."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from importer.domain.digest import Digest
from importer.errors import BombError, ContentMismatchError, DecodeError, InputError, VerificationError
from importer.formats.decoders import can_decompress
from importer.formats.signatures import HEAD_SIZE, FileKind, kind_of_head
from importer.places.address import Address, Decompressed, paths_of
from importer.places.opener import Opener
from importer.plan.blobs import BlobPlan, ProvenBlob

Advance = Callable[[int], None]


def unheard(_: int) -> None:
    """Nobody is told of the bytes that are read."""


class VerifyingReader:
    """Reads blobs, and never gives a wrong one to its end.

    Args:
        opener: opens what the blobs are made of.
    """

    def __init__(self, opener: Opener) -> None:
        self._opener = opener

    def blocks(self, blob: ProvenBlob, advance: Advance = unheard) -> Iterator[bytes]:
        """Yield a blob's bytes and end only if size and digest are right.

        Raises VerificationError instead of ending, or as soon as too many bytes come, so that no
        caller can take a wrong blob for a whole one; InputError when a file can no longer be read.
        """
        hashed, size = hashlib.new(blob.digest.algorithm), 0
        try:
            for block in self._opener.blocks(blob.recipe):
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
                "Nothing was written; run the command again when the file no longer changes"
            )

    def content(self, blob: ProvenBlob) -> bytes:
        """A small blob's bytes; raises as ``blocks`` does."""
        return b"".join(self.blocks(blob))

    def kind_of(self, blob: ProvenBlob) -> FileKind:
        """What a blob's first bytes say it is; raises InputError when a file can no longer be read."""
        try:
            return kind_of_head(self._opener.head(blob.recipe, HEAD_SIZE))
        except OSError as error:
            raise _unreadable(blob, error) from error

    def unpacked(self, layer: BlobPlan, advance: Advance) -> ProvenBlob:
        """The layer's content, proven by its diff_id, with its size; raises as ``unpacked_blocks`` does."""
        if layer.content:
            return layer.content
        return self.unpacked_blob(layer, sum(map(len, self.unpacked_blocks(layer, advance))))

    def unpacked_blocks(self, layer: BlobPlan, advance: Advance = unheard) -> Iterator[bytes]:
        """Yield the layer's content, and end only if the diff_id proves it; its size need not be known.

        Raises ContentMismatchError when the layer doesn't hold what the image's config says, BombError when it
        grows beyond all reason, and InputError when a file can no longer be read.
        """
        diff_id, address = self._content_of(layer)
        hashed = hashlib.new(diff_id.algorithm)
        try:
            for block in self._opener.blocks(address):
                hashed.update(block)
                yield block
                advance(len(block))
        except OSError as error:
            raise InputError(f"{error.filename or 'a file'}: can no longer be read: {error.strerror}") from error
        except BombError as error:
            raise BombError(
                f"layer {layer.descriptor.digest} isn't a usable layer: {error}. Nothing was written; "
                "to-oci-layout and to-registry-tree keep such a layer compressed, unchanged"
            ) from error
        except DecodeError as error:
            raise _wrong_content(layer, diff_id) from error
        if hashed.hexdigest() != diff_id.hex:
            raise _wrong_content(layer, diff_id)

    def unpacked_blob(self, layer: BlobPlan, size: int) -> ProvenBlob:
        """The layer's content, whose size (bytes) ``unpacked_blocks`` has shown."""
        diff_id, address = self._content_of(layer)
        return ProvenBlob(diff_id, size, address)

    def _content_of(self, layer: BlobPlan) -> tuple[Digest, Address]:
        if layer.content:
            return layer.content.digest, layer.content.recipe
        if not layer.exact or not layer.diff_id:
            raise ContentMismatchError(f"layer {layer.descriptor.digest} has no diff_id to check it against")
        kind = self.kind_of(layer.exact)
        packed = layer.exact.recipe
        return layer.diff_id, Decompressed(packed, kind) if can_decompress(kind) else packed


def _wrong_content(layer: BlobPlan, diff_id: Digest) -> ContentMismatchError:
    return ContentMismatchError(
        f"layer {layer.descriptor.digest} doesn't hold what the config says: its content isn't {diff_id}. "
        "Docker can't load this image; scan --deep shows more"
    )


def _unreadable(blob: ProvenBlob, error: OSError) -> InputError:
    return InputError(f"{error.filename or _sources(blob)}: can no longer be read: {error.strerror}")


def _sources(blob: ProvenBlob) -> str:
    return ", ".join(paths_of(blob.recipe)) or "a built-in blob"
