"""Which images are written, under which names, and which can't be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from importer.domain.platform import Host, Platform
from importer.domain.reference import Reference
from importer.errors import NoImageError, UsageError
from importer.mutate.edited_configs import edited_config, with_edited_config
from importer.mutate.labels import with_right_labels
from importer.mutate.oci_types import with_oci_types
from importer.mutate.rewriting import can_get_new_config, with_new_config, with_new_manifest
from importer.mutate.schema1 import can_be_converted, converted
from importer.plan.fidelity import Fidelity, OutputKind, docker_child, fidelity
from importer.plan.images import Artifact, ContainerImage, ImageIndex, ImagePlan, Plan
from importer.recovery.documents.referrers import is_listing
from importer.writers import refusals
from importer.writers.clashes import demand_distinct_names
from importer.writers.named_image import NamedImage
from importer.writers.naming import Naming, with_names
from importer.writers.outputs import Output
from importer.writers.referrers import attached, with_referrers
from importer.writers.refusals import Refusal, titles
from importer.writers.selectors import answers_to, not_here, within
from importer.writers.verifying_reader import VerifyingReader


@dataclass(frozen=True, slots=True)
class Choice:
    """What the user says about the images to write.

    Attributes:
        name: the name to write under.
        naming: where images without a name get one.
        select: the name, manifest digest or image id of one image among several.
        platform: which child of an index.
        sparse: whether an index will do of which some children are missing.
        allow_new_digest: whether a new manifest digest will do, and with an edited config a new image id.
        convert_schema1: whether a schema 1 image is to become schema 2, with new digests.
        salvage: whether a bare config, and so a new image id, will do.
        oci_media_types: whether docker's media types are to become OCI's, with new manifest digests.
        host: the machine that a docker tar is for.
    """

    name: Reference | None = None
    naming: Naming | None = None
    select: str | None = None
    platform: Platform | None = None
    sparse: bool = False
    allow_new_digest: bool = False
    convert_schema1: bool = False
    salvage: bool = False
    oci_media_types: bool = False
    host: Host = field(default_factory=Host.of_this_machine)


@dataclass(frozen=True, slots=True)
class Selection:
    """What becomes of the images.

    Attributes:
        images: those that are written, each followed by what refers to it.
        refused: those that can't be.
        named: those that had no name and got one.
    """

    images: tuple[NamedImage, ...]
    refused: tuple[Refusal, ...] = ()
    named: tuple[ImagePlan, ...] = ()


def choose(plan: Plan, choice: Choice, output: Output, reader: VerifyingReader | None = None) -> Selection:
    """Pick the images to write, and say of each other one why it can't be, as truly as asked.

    A ``reader`` is needed for names that a table gives by SHA-1; without one, these are left out.

    Raises NoImageError when there is none, and UsageError when the choice fits none or several, or when two different
    images, whether they can be written or not, go by one name.
    """
    nameless = {image.manifest.descriptor.digest for image in plan.images if not image.names}
    plan = with_names(plan, choice.naming, reader) if choice.naming else plan
    images = _suited(selected_images(standing(plan), plan, choice), choice, output)
    named = [NamedImage(image, (choice.name,) if choice.name else image.names) for image in images]
    outcomes = [_outcome(image, choice, output, is_alone=len(named) == 1) for image in named]
    demand_distinct_names(
        [each if isinstance(each, NamedImage) else image for each, image in zip(outcomes, named, strict=True)], output
    )
    written = [outcome for outcome in outcomes if isinstance(outcome, NamedImage)]
    if output.kind is not OutputKind.DOCKER:
        referrers = attached(plan.images)
        written = [each for image in written for each in with_referrers(image, referrers, choice.host, output)]
    if choice.oci_media_types and written:
        written = _of_oci_types(written)
    return Selection(
        tuple(written),
        tuple(outcome for outcome in outcomes if isinstance(outcome, Refusal)),
        tuple(image for image in images if image.names and image.manifest.descriptor.digest in nameless),
    )


def _outcome(image: NamedImage, choice: Choice, output: Output, *, is_alone: bool) -> NamedImage | Refusal:
    if isinstance(image.plan, ImageIndex):
        written = _of_index(image, image.plan, choice, output)
    else:
        written = refusal_by_platform(image.plan, choice) or _writable(image, choice, output)
    if isinstance(written, NamedImage) and not written.names and output.needs_names:
        return refusals.nameless(image.plan, is_alone=is_alone)
    return written


def child_for(index: ImagePlan, platform: Platform, host: Host) -> ImagePlan | Refusal:
    """The image of an index for a platform; of several builds of Windows none is taken without being asked for."""
    matching = [child for child in index.all_images if child.platform and child.platform.matches(platform)]
    images = [child for child in matching if isinstance(child, ContainerImage)]
    if not images:
        return refusals.lacks_platform(index, platform, host)
    if len({child.platform.os_version for child in images if child.platform}) > 1:
        return refusals.of_several_builds(index, platform, images)
    return images[0]


def _of_oci_types(images: Sequence[NamedImage]) -> list[NamedImage]:
    rewritten = [replace(each, plan=with_oci_types(each.plan), original=each.original or each.plan) for each in images]
    if all(new.plan is old.plan for new, old in zip(rewritten, images, strict=True)):
        raise UsageError("all media types are already OCI's; leave out --oci-media-types to keep the digest")
    return rewritten


def select_images(plan: Plan, select: str | None) -> Sequence[ImagePlan]:
    """The images of the plan that stand on their own, or the one that ``select`` names.

    Raises NoImageError and UsageError.
    """
    return selected_images(standing(plan), plan, Choice(select=select))


def standing(plan: Plan) -> Sequence[ImagePlan]:
    """The images that belong to no other: neither children of an index, nor nameless referrers, nor lists of such."""
    beside = {image.manifest.descriptor.digest for each in attached(plan.images).values() for image in each}
    return [image for image in plan.images if not image.parents and image.manifest.descriptor.digest not in beside]


def _suited(images: Sequence[ImagePlan], choice: Choice, output: Output) -> Sequence[ImagePlan]:
    """Without the charts and signatures beside an image, which docker can't load, unless one was picked."""
    if choice.select or output.kind is not OutputKind.DOCKER:
        return images
    return [image for image in images if not _is_beside(image)] or images


def _is_beside(image: ImagePlan) -> bool:
    """Whether it is no image of its own: a chart, a signature, or the index that lists what refers to another."""
    return isinstance(image, Artifact) or is_listing(image)


def selected_images(images: Sequence[ImagePlan], plan: Plan, choice: Choice) -> Sequence[ImagePlan]:
    """The images that the choice names, of those that stand on their own or are within them.

    Raises NoImageError and UsageError.
    """
    if not images:
        raise NoImageError(
            "there is no image here: no file is a manifest. Save manifest.json from the folder that has the layers, "
            "and put it next to them"
        )
    selected = [image for image in images if choice.select is None or answers_to(image, choice.select)]
    selected = selected or list(within(plan, choice.select or ""))
    if not selected:
        raise UsageError(not_here(plan, images, choice.select or ""))
    if choice.name and len(selected) > 1:
        raise UsageError(
            f"--name names one image, and there are {len(selected)}: {titles(selected)}; choose one with --select"
        )
    return selected


def _writable(image: NamedImage, choice: Choice, output: Output) -> NamedImage | Refusal:
    if choice.convert_schema1 and can_be_converted(image.plan):
        return _changed(image, converted(image.plan))
    truth = fidelity(image.plan, output.kind, choice.host)
    if truth is Fidelity.EXACT:
        saved = image.plan.saved if output.kind is OutputKind.DOCKER else None
        return replace(image, plan=saved) if saved else _labelled(image, choice, output)
    if truth is Fidelity.SAME_IMAGE and choice.allow_new_digest:
        if image.plan.is_altered and _has_all_bytes(image.plan):
            # To write it anew would be one more alteration.
            return _labelled(image, choice, output)
        return _changed(image, with_new_manifest(image.plan))
    return _under_another_id(image, choice, output) or refusals.refused(image.plan, output, truth, choice.host)


def _under_another_id(image: NamedImage, choice: Choice, output: Output) -> NamedImage | Refusal | None:
    """An image of which only the config lacks, with another one, if the choice says that it will do."""
    if choice.allow_new_digest and edited_config(image.plan):
        return _edited(image, choice, output)
    if choice.salvage and can_get_new_config(image.plan):
        return _changed(image, with_new_config(image.plan))
    return None


def _edited(image: NamedImage, choice: Choice, output: Output) -> NamedImage | Refusal:
    """The image with the edited config that stands in the place of its own."""
    plan = with_edited_config(image.plan)
    if not plan:
        return refusals.of_other_layers(image.plan)
    truth = fidelity(plan, output.kind, choice.host)
    return refusals.refused(plan, output, truth, choice.host) if truth is Fidelity.NONE else _changed(image, plan)


def _has_all_bytes(plan: ImagePlan) -> bool:
    return plan.manifest.is_here and all(blob.is_here or blob.is_dispensable for blob in plan.blobs)


def refusal_by_platform(image: ImagePlan, choice: Choice) -> Refusal | None:
    """Why an image isn't written that is made for another platform than the one asked for; None when it is."""
    if choice.platform and image.platform and not image.platform.matches(choice.platform):
        return refusals.of_another_platform(image, choice.platform)
    return None


def _changed(image: NamedImage, plan: ImagePlan) -> NamedImage:
    """The image as another plan has it; its digest is new in any case, so that wrong labels may go as well."""
    return replace(image, plan=with_right_labels(plan), original=image.plan)


def _labelled(image: NamedImage, choice: Choice, output: Output) -> NamedImage:
    """The image itself, unless a new digest is allowed and lets a wrong label be put right."""
    # Docker doesn't look at labels, and an index in a docker tar names its child by the original digest.
    plan = (
        with_right_labels(image.plan)
        if choice.allow_new_digest and output.kind is not OutputKind.DOCKER
        else image.plan
    )
    return image if plan is image.plan else replace(image, plan=plan, original=image.plan)


def _of_index(image: NamedImage, index: ImageIndex, choice: Choice, output: Output) -> NamedImage | Refusal:
    """The index itself, or one of its children, as the output and the choice want it."""
    if choice.platform:
        return _child(image, choice.platform, choice, output)
    if output.kind is OutputKind.DOCKER:
        child = docker_child(index, choice.host)
        if child is None:
            return refusals.index_refused(index, choice.host, "--platform writes one of them")
        return NamedImage(child, image.names, index=index)
    truth = fidelity(index, output.kind, choice.host)
    if truth is Fidelity.EXACT or (truth is Fidelity.SAME_IMAGE and choice.allow_new_digest):
        return _labelled(image, choice, output)
    if index.is_altered and not choice.allow_new_digest:
        return refusals.refused(index, output, Fidelity.SAME_IMAGE, choice.host)
    return _of_gappy_index(image, index, choice, output)


def _of_gappy_index(image: NamedImage, index: ImageIndex, choice: Choice, output: Output) -> NamedImage | Refusal:
    """An index of which some children are missing, if the choice says that it will do."""
    whole = tuple(child for child in index.children if fidelity(child, output.kind, choice.host) is Fidelity.EXACT)
    if choice.sparse and whole and index.manifest.is_here:
        return _labelled(NamedImage(replace(index, children=whole), image.names), choice, output)
    return refusals.index_refused(
        index,
        choice.host,
        "--sparse writes the index with the platforms that are whole, --platform writes one of them under the tag",
    )


def _child(image: NamedImage, platform: Platform, choice: Choice, output: Output) -> NamedImage | Refusal:
    child = child_for(image.plan, platform, choice.host)
    if isinstance(child, Refusal):
        return child
    written = _writable(NamedImage(child, image.names), replace(choice, platform=None), output)
    if isinstance(written, Refusal):
        return written
    return replace(written, index=image.plan if output.kind is OutputKind.DOCKER else None, is_asked=True)
