"""The plan of each manifest: the blobs that it wants, as far as they can be found, and what stands in the way."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from importer.domain import media_types
from importer.domain.config import ImageConfig
from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.domain.manifest import ImageManifest, Index
from importer.domain.media_types import IMPLIED_CONFIG_TYPES
from importer.domain.reference import Reference
from importer.formats.documents import Document
from importer.inspection.examiner import Examiner
from importer.plan.blobs import (
    BlobPlan,
    DamagedBlob,
    InvalidBlob,
    MissingBlob,
    PresentBlob,
    RepairedBlob,
    Role,
    WantedBlob,
)
from importer.plan.causes import (
    AttestationMissing,
    ConfigMissing,
    InvalidConfig,
    Missing,
    NotAManifest,
    PlatformMissing,
    SizeMismatch,
)
from importer.plan.content import whole_file
from importer.plan.flaws import InvalidManifest
from importer.plan.images import Artifact, ContainerImage, ImageIndex, ImagePlan
from importer.recovery.blobs.finding import BlobFinder
from importer.recovery.documents.manifests import FoundManifest
from importer.recovery.documents.wanted import diff_ids_of
from importer.recovery.obstacles import has_no_file_system, obstacles_of
from importer.recovery.recompress.build_evidence import BuildEvidence
from importer.recovery.recompress.recompressing import Recompressor

_MAX_NESTING: Final = 3
"""Indexes of indexes are looked into so deep and no deeper: hostile ones double with each level."""


class ImagePlanner:
    """Plans images, indexes and artifacts, each manifest once.

    Args:
        manifests: what was found, by ``find_manifests``.
        finder: looks for their blobs.
        names: by digest.
        listings: the tags of the indexes that list what refers to a manifest.
        recompressor: computes lost gzip again.
    """

    def __init__(
        self,
        manifests: Iterable[FoundManifest],
        finder: BlobFinder,
        names: Mapping[Digest, tuple[Reference, ...]],
        listings: Mapping[Digest, tuple[str, ...]],
        recompressor: Recompressor,
    ) -> None:
        self._names = names
        self._listings = listings
        self._recompressor = recompressor
        self._manifests = {manifest.digest: manifest for manifest in manifests}
        self._finder = finder
        self._plans: dict[Digest, ImagePlan] = {}
        self._nesting: dict[Digest, int] = {}

    def plans(self) -> Iterator[ImagePlan]:
        """Look for everything that the manifests want, and plan them in their order."""
        self._look_for_blobs()
        for manifest in self._manifests.values():
            yield self._plan(manifest, ())

    def _look_for_blobs(self) -> None:
        """Look for all blobs together; for the configs first, since they tell the diff_ids of the layers."""
        parsed = [found.parsed for found in self._manifests.values()]
        images = [manifest for manifest in parsed if isinstance(manifest, ImageManifest)]
        indexes = [index for index in parsed if isinstance(index, Index)]
        self._finder.find_all(_config_of(manifest) for manifest in images)
        self._finder.find_all(layer for manifest in images for layer in _layers_of(manifest, self._config(manifest)[1]))
        self._finder.find_all(child for index in indexes for child in _children_of(index, self._manifests))

    def _config(self, manifest: ImageManifest) -> tuple[BlobPlan, Document | None]:
        """The config's blob, and what it says where it is to be a container image's."""
        blob = self._finder.find(_config_of(manifest))
        return blob, _document_of(blob, self._finder.examiner) if manifest.is_container_image else None

    def _plan(self, found: FoundManifest, above: tuple[Digest, ...]) -> ImagePlan:
        if found.digest not in self._plans:
            plan: ImagePlan
            match found.parsed:
                case ImageManifest() as manifest:
                    plan = self._image(found, manifest)
                case Index() as index:
                    plan = self._index(found, index, (*above, found.digest))
                case _:
                    plan = _invalid(found)
            self._plans[found.digest] = replace(
                plan,
                names=self._names_of(found, plan),
                parents=found.parents,
                proofs=found.proofs,
                other_forms=found.other_forms,
                alteration=found.alteration,
            )
        return self._plans[found.digest]

    def _names_of(self, found: FoundManifest, plan: ImagePlan) -> tuple[Reference, ...]:
        by_file = [name for fact in found.files for name in self._names.get(fact.digest, ())]
        return tuple(dict.fromkeys(by_file)) or names_of(plan, self._names)

    def _image(self, found: FoundManifest, manifest: ImageManifest) -> ContainerImage | Artifact:
        config_blob, document = self._config(manifest)
        config = document.config if document else None
        layers = tuple(map(self._finder.find, _layers_of(manifest, document)))
        is_image = _is_image(manifest, config_blob, config) and not has_no_file_system(layers)
        layers = self._recompressor.mend(BuildEvidence(layers, document, manifest.annotations))
        if not is_image:
            blobs = (config_blob, *layers)
            return Artifact(manifest=found.blob, parsed=manifest, document=found.document, blobs=blobs)
        return ContainerImage(
            manifest=found.blob,
            parsed=manifest,
            document=found.document,
            config=config,
            config_document=document if config else None,
            blobs=(_config_as_wanted(config_blob, document), *layers),
            flaws=tuple(obstacles_of(manifest, config, layers)) if config else (),
            platform=config.platform if config else None,
        )

    def _index(self, found: FoundManifest, index: Index, above: tuple[Digest, ...]) -> ImageIndex:
        blobs: list[BlobPlan] = []
        children: dict[Digest, ImagePlan] = {}
        tags = self._listings.get(found.digest, ())
        for position, child in enumerate(index.children):
            manifest = self._manifests.get(child.digest)
            wanted = WantedBlob(child, Role.CHILD, position)
            if media_types.is_blob(child.media_type):
                blobs.append(self._finder.find(WantedBlob(child, Role.LAYER, position)))
            elif manifest and child.digest not in above:
                plan = self._plan(manifest, above)
                if self._nesting.get(child.digest, 0) < _MAX_NESTING:
                    children[child.digest] = replace(plan, platform=child.platform or plan.platform)
                blobs.append(_present_child(manifest.blob, wanted))
            else:
                blobs.append(_child_blob(self._finder.find(wanted), is_image=not tags and not _is_unknown(child)))
        self._nesting[found.digest] = 1 + max((self._nesting.get(digest, 0) for digest in children), default=0)
        return ImageIndex(
            manifest=found.blob,
            parsed=index,
            document=found.document,
            blobs=tuple(blobs),
            children=tuple(children.values()),
            referrers_tags=tags,
        )


def _config_of(manifest: ImageManifest) -> WantedBlob:
    return WantedBlob(manifest.config, Role.CONFIG)


def _layers_of(manifest: ImageManifest, document: Document | None) -> Iterator[WantedBlob]:
    """The layers, each with the diff_id that the config gives it."""
    diff_ids = diff_ids_of(manifest, document.config if document else None)
    for position, (layer, diff_id) in enumerate(zip(manifest.layers, diff_ids, strict=True)):
        yield WantedBlob(layer, Role.LAYER, position, diff_id)


def _children_of(index: Index, here: Container[Digest]) -> Iterator[WantedBlob]:
    """What an index lists and no file is: manifests, or blobs where it lists such."""
    for position, child in enumerate(index.children):
        if media_types.is_blob(child.media_type):
            yield WantedBlob(child, Role.LAYER, position)
        elif child.digest not in here:
            yield WantedBlob(child, Role.CHILD, position)


def names_of(plan: ImagePlan, names: Mapping[Digest, tuple[Reference, ...]]) -> tuple[Reference, ...]:
    """The names by the manifest's digest, else by the image id, under which docker save keeps them."""
    file = plan.manifest.file
    digests = (plan.manifest.descriptor.digest, file.digest if file else None, plan.image_id)
    return next((names[digest] for digest in digests if digest and digest in names), ())


def _present_child(manifest: PresentBlob | RepairedBlob | DamagedBlob, wanted: WantedBlob) -> BlobPlan:
    size = manifest.descriptor.size
    if size != wanted.descriptor.size and manifest.file:
        return DamagedBlob(wanted, manifest.file, SizeMismatch(size))
    if isinstance(manifest, DamagedBlob) and isinstance(manifest.cause, NotAManifest):
        # The bytes are the right ones: what is wrong with them, another download doesn't mend.
        exact = replace(whole_file(manifest.file), digest=manifest.descriptor.digest)
        return PresentBlob(wanted, exact, manifest.file)
    return replace(manifest, wanted=wanted)


def _child_blob(blob: BlobPlan, *, is_image: bool) -> BlobPlan:
    if isinstance(blob, MissingBlob) and isinstance(blob.cause, Missing):
        return replace(blob, cause=PlatformMissing() if is_image else AttestationMissing())
    return blob


def _is_unknown(child: Descriptor) -> bool:
    return child.platform is not None and child.platform.is_unknown


def _document_of(blob: BlobPlan, examiner: Examiner) -> Document | None:
    if not blob.exact:
        return None
    if isinstance(blob, PresentBlob) and blob.file.document:
        return blob.file.document
    return examiner.document_at(blob.exact.recipe)


def _is_image(manifest: ImageManifest, blob: BlobPlan, config: ImageConfig | None) -> bool:
    """Whether the manifest is a container image's: a config without a type of its own must be one to count."""
    is_implied = manifest.config.media_type in IMPLIED_CONFIG_TYPES
    return manifest.is_container_image and not (is_implied and blob.is_here and not config)


def _config_as_wanted(blob: BlobPlan, document: Document | None) -> BlobPlan:
    if isinstance(blob, MissingBlob) and isinstance(blob.cause, Missing):
        return replace(blob, cause=ConfigMissing())
    if blob.exact and document and not document.config:
        return InvalidBlob(blob.wanted, blob.exact, _invalid_config(document), blob.file, blob.earlier)
    return blob


def _invalid_config(document: Document) -> InvalidConfig:
    if document.problems:
        first = document.problems[0]
        return InvalidConfig(first.pointer, first.expected, first.found)
    return InvalidConfig("", "an image config in JSON", document.error or str(document.kind))


def _invalid(found: FoundManifest) -> ContainerImage:
    flaw = InvalidManifest(found.document.problems, found.document.error)
    return ContainerImage(
        manifest=found.blob,
        parsed=None,
        flaws=(flaw,),
    )
