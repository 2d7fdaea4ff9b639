"""What is inside layers that were repaired, for those who can't take the config's word for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from importer.formats.decoders import can_decompress
from importer.inspection.examiner import Examiner
from importer.places.address import Address, Decompressed
from importer.plan.blobs import BlobPlan, PresentBlob, ProvenBlob, RepairedBlob, Role
from importer.plan.causes import Corrupt, DigestMismatch
from importer.plan.images import ImagePlan
from importer.work.executor import Executor
from importer.work.rounds import Search, in_rounds
from importer.work.task import Tools


@dataclass(frozen=True, slots=True)
class MeasureContent:
    """Read a layer's content to its end; ``size`` are the bytes of the layer."""

    address: Address
    size: int

    def carry_out(self, tools: Tools) -> ProvenBlob | None:
        """Give the content with its digest; None when it can't be made."""
        made = Examiner(tools).measured(self.address)
        return ProvenBlob(made.digest, made.size, self.address) if made else None


def with_contents_read(images: Iterable[ImagePlan], executor: Executor) -> tuple[ImagePlan, ...]:
    """The images; those in whose config's place another file stands, with the contents of their repaired layers."""
    return tuple(in_rounds(map(_with_contents, images), executor, "Unpacking"))


def _with_contents(image: ImagePlan) -> Search[ImagePlan]:
    config = image.config_blob
    if not config or not isinstance(config.cause, DigestMismatch | Corrupt):
        return image
    blobs = []
    for blob in image.blobs:
        blobs.append((yield from _read(blob)))
    return replace(image, blobs=tuple(blobs))


def _read(layer: BlobPlan) -> Search[BlobPlan]:
    if layer.role is not Role.LAYER or not isinstance(layer, PresentBlob | RepairedBlob):
        return layer
    is_known = layer.content or (layer.file and layer.file.content)
    if is_known or layer.kind is None:
        return layer
    packed = layer.exact.recipe
    address = Decompressed(packed, layer.kind) if can_decompress(layer.kind) else packed
    content = yield MeasureContent(address, layer.exact.size)
    return replace(layer, content=content) if content else layer
