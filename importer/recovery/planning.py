"""Making the plan: what each manifest wants, found as far as the inventory has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from importer.domain.digest import Digest
from importer.domain.reference import Reference
from importer.inspection.examiner import Examiner
from importer.inventory.inventory import Inventory
from importer.inventory.known_digests import KnownDigests
from importer.places.address import paths_of
from importer.plan.blobs import (
    DamagedBlob,
)
from importer.plan.causes import (
    Split,
)
from importer.plan.images import ContainerImage, ImageIndex, ImagePlan, Plan
from importer.recovery.blobs.finding import BlobFinder
from importer.recovery.blobs.remains import settle_remains
from importer.recovery.blobs.swapped_beginnings import settle_swapped_beginnings
from importer.recovery.documents.manifests import find_manifests
from importer.recovery.documents.named import missing_manifests, missing_saves
from importer.recovery.documents.naming import Names, names_in
from importer.recovery.documents.rebuilding import rebuild_images, with_saved_forms
from importer.recovery.documents.referrers import referrers_tags, with_names_of_subjects
from importer.recovery.documents.schema1_images import schema1_plans
from importer.recovery.documents.wanted import wanted_blobs
from importer.recovery.image_planning import ImagePlanner, names_of
from importer.recovery.recompress.recompressing import NO_EFFORT, Effort, Recompressor
from importer.work.executor import Executor


def make_plan(
    inventory: Inventory,
    known: KnownDigests,
    executor: Executor,
    *,
    effort: Effort = NO_EFFORT,
) -> Plan:
    """Plan the recovery of every image whose manifest is in the inventory.

    Args:
        inventory: what there is.
        known: digests known beforehand.
        executor: carries out what repairs and the search for compressors ask for.
        effort: how much is done to compute the lost gzip of layers again.
    """
    examiner = Examiner(executor.tools)
    manifests = find_manifests(inventory, known, examiner)
    whole = {manifest.digest for manifest in manifests if not isinstance(manifest.blob, DamagedBlob)}
    wanted = wanted_blobs(inventory).digests | whole
    named = names_in(inventory)
    names = named.references
    finder = BlobFinder(inventory, wanted, executor)
    recompressor = Recompressor(effort, executor, finder.candidates.facts)
    planner = ImagePlanner(manifests, finder, names, referrers_tags(inventory, names), recompressor)
    plans = list(with_saved_forms(inventory, planner.plans(), examiner))
    plans += (_named(plan, names) for plan in schema1_plans(inventory, known, finder, examiner))
    taken = frozenset(_used(plans)) | frozenset(_explained(plans))
    rebuilt = [
        replace(image, names=names_of(image, names))
        for image in rebuild_images(inventory, known, plans, taken, examiner)
    ]
    here = (*plans, *rebuilt)
    missing = (*missing_manifests(inventory, finder, here, names), *missing_saves(inventory, finder, here))
    called = with_names_of_subjects((*_joined(plans, rebuilt), *missing))
    images = tuple(sorted((_in_repository(image, named) for image in called), key=_order))
    taken = frozenset(_used(images)) | frozenset(_explained(images))
    settled = settle_remains(images, (fact for fact in finder.candidates.facts if fact.file.path not in taken))
    images = settle_swapped_beginnings(settled.images, executor)
    return Plan(images, frozenset(_used(images)), frozenset(_explained(images)), settled.ambiguous)


def _named(plan: ImagePlan, names: Mapping[Digest, tuple[Reference, ...]]) -> ImagePlan:
    return replace(plan, names=names_of(plan, names))


def _in_repository(plan: ImagePlan, named: Names) -> ImagePlan:
    """The plan with the repository it belongs to, when it has no name and belongs to no index."""
    found = () if plan.names or plan.parents else named.repositories.get(plan.manifest.descriptor.digest, ())
    return replace(plan, repository=found[0]) if found else plan


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
