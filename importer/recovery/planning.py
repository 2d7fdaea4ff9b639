"""Making the plan: what each manifest wants, found as far as the inventory has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
from importer.inventory.inventory import Inventory
from importer.inventory.known_digests import KnownDigests
from importer.places.address import paths_of
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
    Split,
)
from importer.plan.content import whole_file
from importer.plan.flaws import InvalidManifest
from importer.plan.images import Artifact, ContainerImage, ImageIndex, ImagePlan, Plan
from importer.progress import Progress, SilentProgress
from importer.recovery.blobs.finding import BlobFinder
from importer.recovery.blobs.remains import settle_remains
from importer.recovery.blobs.swapped_beginnings import settle_swapped_beginnings
from importer.recovery.documents.manifests import FoundManifest, find_manifests
from importer.recovery.documents.named import missing_manifests, missing_saves
from importer.recovery.documents.naming import Names, names_in
from importer.recovery.documents.rebuilding import rebuild_images, with_saved_forms
from importer.recovery.documents.referrers import referrers_tags, with_names_of_subjects
from importer.recovery.documents.schema1_images import schema1_plans
from importer.recovery.documents.wanted import diff_ids_of, wanted_blobs
from importer.recovery.obstacles import has_no_file_system, obstacles_of
from importer.recovery.recompress.build_evidence import BuildEvidence
from importer.recovery.recompress.recompressing import NO_EFFORT, Effort, Recompressor

_MAX_NESTING: Final = 3
"""Indexes of indexes are looked into so deep and no deeper: hostile ones double with each level."""

_IN_SILENCE: Final = SilentProgress()


def make_plan(
    inventory: Inventory,
    known: KnownDigests,
    examiner: Examiner,
    *,
    effort: Effort = NO_EFFORT,
    progress: Progress = _IN_SILENCE,
) -> Plan:
    """Plan the recovery of every image whose manifest is in the inventory.

    Args:
        inventory: what there is.
        known: digests known beforehand.
        examiner: looks closer at files where a repair asks for it.
        effort: how much is done to compute the lost gzip of layers again.
        progress: is told how far that has come.
    """
    manifests = find_manifests(inventory, known, examiner)
    whole = {manifest.digest for manifest in manifests if not isinstance(manifest.blob, DamagedBlob)}
    wanted = wanted_blobs(inventory).digests | whole
    named = names_in(inventory)
    names = named.references
    finder = BlobFinder(inventory, wanted, examiner)
    recompressor = Recompressor(effort, progress, examiner, finder.candidates.facts)
    planner = _Planner(manifests, finder, names, referrers_tags(inventory, names), recompressor)
    plans = list(with_saved_forms(inventory, planner.plans()))
    plans += (_named(plan, names) for plan in schema1_plans(inventory, known, finder, examiner))
    taken = frozenset(_used(plans)) | frozenset(_explained(plans))
    rebuilt = [
        replace(image, names=_names_of(image, names))
        for image in rebuild_images(inventory, known, plans, taken, examiner)
    ]
    here = (*plans, *rebuilt)
    missing = (*missing_manifests(inventory, finder, here, names), *missing_saves(inventory, finder, here))
    called = with_names_of_subjects((*_joined(plans, rebuilt), *missing))
    images = tuple(sorted((_in_repository(image, named) for image in called), key=_order))
    taken = frozenset(_used(images)) | frozenset(_explained(images))
    settled = settle_remains(images, (fact for fact in finder.candidates.facts if fact.file.path not in taken))
    images = settle_swapped_beginnings(settled.images, examiner)
    return Plan(images, frozenset(_used(images)), frozenset(_explained(images)), settled.ambiguous)


class _Planner:
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
        for manifest in self._manifests.values():
            yield self._plan(manifest, ())

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
        return tuple(dict.fromkeys(by_file)) or _names_of(plan, self._names)

    def _image(self, found: FoundManifest, manifest: ImageManifest) -> ContainerImage | Artifact:
        config_blob = self._finder.find(WantedBlob(manifest.config, Role.CONFIG))
        document = _document_of(config_blob, self._finder.examiner) if manifest.is_container_image else None
        config = document.config if document else None
        layers = tuple(
            self._finder.find(WantedBlob(layer, Role.LAYER, position, diff_id))
            for position, (layer, diff_id) in enumerate(
                zip(manifest.layers, diff_ids_of(manifest, config), strict=True)
            )
        )
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


def _named(plan: ImagePlan, names: Mapping[Digest, tuple[Reference, ...]]) -> ImagePlan:
    return replace(plan, names=_names_of(plan, names))


def _in_repository(plan: ImagePlan, named: Names) -> ImagePlan:
    """The plan with the repository it belongs to, when it has no name and belongs to no index."""
    found = () if plan.names or plan.parents else named.repositories.get(plan.manifest.descriptor.digest, ())
    return replace(plan, repository=found[0]) if found else plan


def _names_of(plan: ImagePlan, names: Mapping[Digest, tuple[Reference, ...]]) -> tuple[Reference, ...]:
    """The names by the manifest's digest, else by the image id, under which docker save keeps them."""
    file = plan.manifest.file
    digests = (plan.manifest.descriptor.digest, file.digest if file else None, plan.image_id)
    return next((names[digest] for digest in digests if digest and digest in names), ())


def _joined(plans: list[ImagePlan], rebuilt: list[ContainerImage]) -> Iterator[ImagePlan]:
    """All plans; an image that was rebuilt takes the place of the unreadable manifest beside its config."""
    unreadable = [plan for plan in plans if not plan.parsed]
    yield from (plan for plan in plans if plan.parsed)
    for image in rebuilt:
        beside = next((plan for plan in unreadable if _is_beside(plan, image)), None)
        if beside:
            unreadable.remove(beside)
            image = replace(image, manifest=beside.manifest, flaws=beside.flaws, parents=beside.parents)  # noqa: PLW2901
        yield image
    yield from unreadable


def _is_beside(unreadable: ImagePlan, image: ImagePlan) -> bool:
    manifest, config = unreadable.manifest.file, image.config_blob
    return (
        bool(manifest and config and config.file and manifest.file.parts[:-1] == config.file.file.parts[:-1])
        and not image.manifest.is_here
    )


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


def _order(plan: ImagePlan) -> tuple[bool, tuple[str, ...], str]:
    return not isinstance(plan, ImageIndex), tuple(map(str, plan.names)), str(plan.manifest.descriptor.digest)


def _used(images: Iterable[ImagePlan]) -> Iterator[str]:
    for image in images:
        for blob in (*image.all_blobs, *(image.saved.layers if image.saved else ())):
            for proven in (blob.exact, blob.content):
                yield from paths_of(proven.recipe) if proven else ()
            if blob.file and (blob.exact or blob.content):
                yield blob.file.file.path


def _explained(images: Iterable[ImagePlan]) -> Iterator[str]:
    for image in images:
        for blob in image.all_blobs:
            if blob.cause and blob.file:
                yield blob.file.file.path
            for cause in blob.earlier:
                yield from cause.paths if isinstance(cause, Split) else ()
