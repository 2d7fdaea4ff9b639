"""What keeps docker from loading an image whose bytes are all here; read from its documents and its layers' heads.

Sources: moby, daemon/internal/image/tarexport/load.go and layer/layer_store.go; ocicrypt, spec/spec.go (media types
and annotations of encrypted layers).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from importer.domain.config import ImageConfig
from importer.domain.manifest import ImageManifest
from importer.domain.media_types import GENERIC_TYPES, is_file_system_layer
from importer.formats.decoders import can_decompress
from importer.formats.signatures import COMPRESSED_KINDS, FileKind
from importer.formats.streams import Ending
from importer.plan.blobs import BlobPlan, PresentBlob
from importer.plan.flaws import (
    DiffIdMismatch,
    DiffIdsOfCompressed,
    EncryptedLayers,
    LayerCountMismatch,
    Obstacle,
    TooMuchHistory,
    UncheckableDiffIds,
)

_TAR_KINDS = frozenset({FileKind.TAR, FileKind.ZEROS, FileKind.EMPTY})
"""How a tar can begin: with a header, with the two blocks of zeros that end it, or, as docker has it, not at all."""


def obstacles_of(manifest: ImageManifest, config: ImageConfig, layers: Sequence[BlobPlan]) -> Iterator[Obstacle]:
    """What keeps docker on any host from loading the image."""
    encrypted = tuple(_position(layer) for layer in layers if is_locked(layer))
    if encrypted:
        yield EncryptedLayers(encrypted)
    if len(config.diff_ids) != len(manifest.layers):
        yield LayerCountMismatch(len(manifest.layers), len(config.diff_ids))
    elif config.history_layers > len(config.diff_ids):
        yield TooMuchHistory(config.history_layers, len(config.diff_ids))
    packed = tuple(_position(layer) for layer in layers if _is_called_after_its_package(layer))
    if packed:
        yield DiffIdsOfCompressed(packed)
    told = {*encrypted, *packed}
    for layer in layers:
        if _position(layer) not in told:
            yield from _mismatch(layer)
    if any(diff_id.algorithm != "sha256" for diff_id in config.diff_ids) or any(map(_is_uncheckable, layers)):
        yield UncheckableDiffIds()


def is_locked(layer: BlobPlan) -> bool:
    """Whether the layer is encrypted, and nothing here is its content."""
    return layer.descriptor.is_encrypted and not layer.content


def has_no_file_system(layers: Sequence[BlobPlan]) -> bool:
    """Whether layers are something else than tars: a model, a WebAssembly module. Their first bytes say so.

    Where no byte is here, media types that are nobody's layers do.
    """
    tars = [is_tar(layer) for layer in layers]
    if not tars or True in tars:
        return False in tars
    return False in tars or all(_is_nobodys_layer(layer.descriptor.media_type) for layer in layers)


def is_tar(layer: BlobPlan) -> bool | None:
    """Whether a layer holds a tar, by the first bytes of its content; None where that can't be told."""
    kind = FileKind.TAR if layer.descriptor.is_encrypted else layer.inside
    return None if kind is None else kind in _TAR_KINDS


def _is_nobodys_layer(media_type: str) -> bool:
    return not is_file_system_layer(media_type) and media_type not in GENERIC_TYPES


def _is_called_after_its_package(layer: BlobPlan) -> bool:
    """Whether the diff_id is the digest of a blob that is compressed, and so can't be that of its content."""
    is_packed = isinstance(layer, PresentBlob) and layer.file.kind in COMPRESSED_KINDS
    return is_packed and layer.diff_id == layer.descriptor.digest


def _mismatch(layer: BlobPlan) -> Iterator[DiffIdMismatch]:
    """What is known to be in a layer, where the config wants another content: a plain tar is its own."""
    if not isinstance(layer, PresentBlob) or not layer.diff_id or layer.diff_id.algorithm != "sha256":
        return
    content = layer.file.content
    if content and content.ending is not Ending.TOO_LARGE:
        actual = content.digest if content.is_whole else None
    elif content or layer.file.kind in COMPRESSED_KINDS:
        return
    else:
        actual = layer.file.digest
    if actual != layer.diff_id:
        yield DiffIdMismatch(_position(layer), layer.diff_id, actual)


def _is_uncheckable(layer: BlobPlan) -> bool:
    kind = layer.file.kind if isinstance(layer, PresentBlob) else None
    return kind in COMPRESSED_KINDS and not can_decompress(kind)


def _position(layer: BlobPlan) -> int:
    return layer.position or 0
