"""A config that was changed under its old name: no digest proves it, and the image gets another id with it.

It is taken for the config only when each layer's content is what it lists: so much of it is still true.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from importer.domain.config import ImageConfig
from importer.domain.digest import Digest
from importer.domain.manifest import ImageManifest
from importer.formats.json_text import TextForm
from importer.formats.signatures import COMPRESSED_KINDS
from importer.inspection.file_facts import FileFacts
from importer.mutate.rewriting import with_new_manifest
from importer.plan.blobs import BlobPlan, PresentBlob, RewrittenBlob, with_content
from importer.plan.causes import Corrupt, DigestMismatch
from importer.plan.content import content_of, whole_file
from importer.plan.images import ContainerImage, ImagePlan
from importer.recovery.obstacles import obstacles_of


@dataclass(frozen=True, slots=True)
class EditedConfig:
    """A valid config that stands in the place of the original one.

    Attributes:
        file: what holds it.
        config: what it says.
        misfit: the lowest layer that is known to hold something else than it lists; None when none is known to.
    """

    file: FileFacts
    config: ImageConfig
    misfit: BlobPlan | None = None


def edited_config(image: ImagePlan) -> EditedConfig | None:
    """The edited config of an image of which nothing else lacks; None when there is no such thing.

    Nothing is read: of layers that were not looked into it isn't known whether they are what it lists.
    """
    blob = image.config_blob
    file = blob.file if blob and isinstance(blob.cause, DigestMismatch | Corrupt) else None
    document = file.document if file else None
    if not isinstance(image, ContainerImage) or not isinstance(image.parsed, ImageManifest):
        return None
    if not file or not document or not document.config or document.form is not TextForm.UTF8:
        return None
    pairs = tuple(zip(image.layers, document.config.diff_ids, strict=False))
    if len(image.layers) != len(document.config.diff_ids) or not all(layer.is_here for layer in image.layers):
        return None
    misfit = next((layer for layer, diff_id in pairs if _known_content(layer) not in (None, diff_id)), None)
    return EditedConfig(file, document.config, misfit)


def with_edited_config(image: ImagePlan) -> ImagePlan | None:
    """The image with its edited config, under a new image id and manifest digest.

    None when it has none, or when a layer isn't what it lists.
    """
    edited = edited_config(image)
    if not isinstance(image, ContainerImage) or not isinstance(image.parsed, ImageManifest) or not image.config_blob:
        return None
    if not edited or edited.misfit:
        return None
    layers = tuple(
        replace(
            with_content(layer, layer.content or content_of(layer.file)), wanted=replace(layer.wanted, diff_id=diff_id)
        )
        for layer, diff_id in zip(image.layers, edited.config.diff_ids, strict=True)
    )
    if not all(_known_content(layer) == layer.diff_id for layer in layers):
        return None
    file = edited.file
    descriptor = replace(image.parsed.config, digest=file.digest, size=file.size)
    config_blob = RewrittenBlob(replace(image.config_blob.wanted, descriptor=descriptor), whole_file(file))
    flaws = tuple(obstacles_of(image.parsed, edited.config, layers))
    changed = replace(
        image, blobs=(config_blob, *layers), config=edited.config, config_document=edited.file.document, flaws=flaws
    )
    return with_new_manifest(replace(changed, platform=edited.config.platform))


def _known_content(layer: BlobPlan) -> Digest | None:
    """The digest of what is in a layer, where that is known without reading it."""
    if layer.content:
        return layer.content.digest
    file = layer.file if isinstance(layer, PresentBlob) else None
    if file and file.kind not in COMPRESSED_KINDS:
        return file.digest
    content = content_of(file)
    return content.digest if content else None
