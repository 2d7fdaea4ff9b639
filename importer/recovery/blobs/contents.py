"""What is inside layers that were repaired, for those who can't take the config's word for it."""

from __future__ import annotations

from dataclasses import replace

from importer.formats.decoders import can_decompress
from importer.inspection.examiner import Examiner
from importer.places.address import Decompressed
from importer.plan.blobs import BlobPlan, PresentBlob, ProvenBlob, RepairedBlob, Role
from importer.plan.causes import Corrupt, DigestMismatch
from importer.plan.images import ImagePlan


def with_contents_read(image: ImagePlan, examiner: Examiner) -> ImagePlan:
    """The image; where another file stands in its config's place, with the contents of its repaired layers."""
    config = image.config_blob
    if not config or not isinstance(config.cause, DigestMismatch | Corrupt):
        return image
    return replace(image, blobs=tuple(_read(blob, examiner) for blob in image.blobs))


def _read(layer: BlobPlan, examiner: Examiner) -> BlobPlan:
    if layer.role is not Role.LAYER or not isinstance(layer, PresentBlob | RepairedBlob):
        return layer
    is_known = layer.content or (layer.file and layer.file.content)
    if is_known or layer.kind is None:
        return layer
    packed = layer.exact.recipe
    address = Decompressed(packed, layer.kind) if can_decompress(layer.kind) else packed
    made = examiner.measured(address)
    return replace(layer, content=ProvenBlob(made.digest, made.size, address)) if made else layer
