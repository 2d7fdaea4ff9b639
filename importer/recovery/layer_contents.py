"""Holding layers against their config's diff_ids, before anybody is told that docker loads the image.

Docker unpacks each layer and refuses an image if one isn't what the config says (moby, layer/layer_store.go). A layer's
own digest doesn't tell. To unpack all takes three times as long as to read them, so that is done when it is asked for
(``Depth.every_layer``). Without that, the layers are unpacked that a docker tar holds unpacked, since whoever writes
one has to do so, and the smallest others, which tell of a config that belongs to another image.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final, TypeGuard

from importer.domain.manifest import ImageManifest
from importer.domain.platform import Host
from importer.formats.decoders import can_decompress
from importer.formats.signatures import FileKind
from importer.formats.streams import Ending
from importer.inspection.content import Content
from importer.inspection.file_facts import FileFacts
from importer.plan.blobs import BlobPlan, PresentBlob
from importer.plan.content import content_of
from importer.plan.fidelity import is_whole_image
from importer.plan.flaws import Obstacle
from importer.plan.images import Artifact, ContainerImage, ImageIndex, ImagePlan, Plan
from importer.recovery.examination import contents_of
from importer.recovery.obstacles import obstacles_of
from importer.work.executor import Executor

ALWAYS_UNPACKED: Final = 16 << 20
"""Bytes of layers that are unpacked in any case: they take less than a tenth of a second."""


def with_layers_compared(plan: Plan, host: Host, executor: Executor) -> Plan:
    """The plan, knowing of more layers what they hold, and with the obstacles that this shows."""
    contents = contents_of(_chosen(plan, host), executor)
    # Of a layer that was not unpacked to its end nothing is known.
    contents = {path: content for path, content in contents.items() if content.ending is not Ending.TOO_LARGE}
    return replace(plan, images=tuple(_compared(image, contents) for image in plan.images)) if contents else plan


def are_read_alike(kinds: set[FileKind]) -> bool:
    """Whether every docker reads layers of these kinds as they are.

    Docker before 23 knows no zstd, and some programs judge all layers by the first.
    """
    return kinds <= {FileKind.GZIP} or kinds <= {FileKind.TAR, FileKind.ZEROS}


def _chosen(plan: Plan, host: Host) -> Iterator[FileFacts]:
    others: dict[str, FileFacts] = {}
    for image in plan.images:
        if is_whole_image(image, host):
            loaded = image.saved or image
            unknown = {layer.file.file.path: layer.file for layer in loaded.layers if _is_unknown(layer)}
            if _is_unpacked_in_a_docker_tar(loaded):
                yield from unknown.values()
            else:
                others |= unknown
    left = ALWAYS_UNPACKED
    for fact in sorted(others.values(), key=lambda fact: (fact.size, fact.file.path)):
        left -= fact.size
        if left < 0:
            return
        yield fact


def _is_unknown(layer: BlobPlan) -> TypeGuard[PresentBlob]:
    """Whether the layer is here, and nothing is known of its content."""
    if not isinstance(layer, PresentBlob) or layer.content or layer.file.content:
        return False
    return can_decompress(layer.file.kind) and bool(layer.diff_id and layer.diff_id.algorithm == "sha256")


def _is_unpacked_in_a_docker_tar(image: ImagePlan) -> bool:
    is_original = image.manifest.is_here and all(blob.is_here for blob in image.blobs)
    return not is_original or not are_read_alike({layer.file.kind for layer in image.layers if layer.file})


def _compared(image: ImagePlan, contents: Mapping[str, Content]) -> ImagePlan:
    match image:
        case ImageIndex():
            return replace(image, children=tuple(_compared(child, contents) for child in image.children))
        case ContainerImage():
            return _compared_image(image, contents)
        case Artifact():
            return image


def _compared_image(image: ContainerImage, contents: Mapping[str, Content]) -> ContainerImage:
    image = replace(image, saved=_compared_image(image.saved, contents) if image.saved else None)
    compared = replace(image, blobs=tuple(_unpacked(blob, contents) for blob in image.blobs))
    if compared == image or not image.config or not isinstance(image.parsed, ImageManifest):
        return image
    flaws = [flaw for flaw in image.flaws if not isinstance(flaw, Obstacle)]
    return replace(compared, flaws=(*flaws, *obstacles_of(image.parsed, image.config, compared.layers)))


def _unpacked(blob: BlobPlan, contents: Mapping[str, Content]) -> BlobPlan:
    """The layer and what is now known of its content; any other blob is itself."""
    if not _is_unknown(blob) or blob.file.file.path not in contents:
        return blob
    fact = replace(blob.file, content=contents[blob.file.file.path])
    content = content_of(fact)
    return replace(blob, file=fact, content=content if content and content.digest == blob.diff_id else None)
