"""Which images are written, under which names, and whether they can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from importer.domain.platform import Platform
from importer.domain.reference import Reference
from importer.domain.schema1 import Schema1Manifest
from importer.errors import CannotWriteError, NoImageError, UsageError
from importer.recovery.labels import with_right_labels
from importer.recovery.plan import Fidelity, ImageKind, ImagePlan, Output, Plan
from importer.recovery.rewriting import can_get_new_config, with_new_config, with_new_manifest
from importer.recovery.schema1_images import can_be_converted, converted
from importer.rules.wording import title_of
from importer.writers.named_image import NamedImage
from importer.writers.referrers import nameless_referrers, with_referrers

_SCAN_TELLS: Final = "`blobfix scan` tells why, and what to download again"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the user says about the images to write.

    Attributes:
        name: the name to write under.
        select: the name, manifest digest or image id of one image among several.
        platform: which child of an index.
        sparse: whether an index will do of which some children are missing.
        allow_new_digest: whether a new manifest digest will do.
        convert_schema1: whether a schema 1 image is to become schema 2, with new digests.
        salvage: whether a bare config, and so a new image id, will do.
    """

    name: Reference | None = None
    select: str | None = None
    platform: Platform | None = None
    sparse: bool = False
    allow_new_digest: bool = False
    convert_schema1: bool = False
    salvage: bool = False


def choose(plan: Plan, choice: Choice, output: Output) -> tuple[NamedImage, ...]:
    """Pick the images to write.

    Raises NoImageError when there is none, UsageError when the choice fits none or several, and
    CannotWriteError when one can't be written as truly as asked.
    """
    referrers = nameless_referrers(plan.images)
    images = _suited(_selected(_standing(plan), choice), choice, output)
    named = [NamedImage(image, (choice.name,) if choice.name else image.names) for image in images]
    written = tuple(_writable(each, choice, output) for each in named)
    nameless = [each.plan for each in written if not each.names]
    if output is not Output.DOCKER_TAR:
        written = tuple(each for image in written for each in with_referrers(image, referrers, output))
    if nameless and output is Output.REGISTRY_TREE:
        raise UsageError(
            f"a registry needs a name for {_list(nameless)}, and nothing here tells one; "
            "give it with --name, as in --name team/app:1.4"
        )
    return written


def narrowed(plan: Plan, choice: Choice) -> Plan:
    """The plan of what the user asks about: the chosen image, under the name and for the platform that were given.

    Raises UsageError when the choice fits none or several.
    """
    standing, referrers = _standing(plan), nameless_referrers(plan.images)
    chosen = [NamedImage(image, image.names) for image in (_selected(standing, choice) if standing else ())]
    kept = [each.plan for image in chosen for each in with_referrers(image, referrers)]
    family = {member.manifest.descriptor.digest for image in kept for member in image.family}
    images = [image for image in plan.images if image.manifest.descriptor.digest in family]
    return replace(plan, images=tuple(_as_asked(image, choice) for image in images))


def _as_asked(image: ImagePlan, choice: Choice) -> ImagePlan:
    if not image.parents:
        _demand_platform(image, choice)
    names = (choice.name,) if choice.name and not image.parents else image.names
    return replace(image, names=names, asked_platform=choice.platform)


def select_images(plan: Plan, select: str | None) -> Sequence[ImagePlan]:
    """The images of the plan that stand on their own, or the one that ``select`` names.

    Raises NoImageError and UsageError.
    """
    return _selected(_standing(plan), Choice(select=select))


def _standing(plan: Plan) -> Sequence[ImagePlan]:
    """The images that belong to no other: neither children of an index, nor nameless referrers."""
    attached = {image.manifest.descriptor.digest for each in nameless_referrers(plan.images).values() for image in each}
    return [image for image in plan.images if not image.parents and image.manifest.descriptor.digest not in attached]


def _suited(images: Sequence[ImagePlan], choice: Choice, output: Output) -> Sequence[ImagePlan]:
    """Without the charts and signatures beside an image, which docker can't load, unless one was picked."""
    if choice.select or output is not Output.DOCKER_TAR:
        return images
    return [image for image in images if image.kind is not ImageKind.ARTIFACT] or images


def _selected(images: Sequence[ImagePlan], choice: Choice) -> Sequence[ImagePlan]:
    if not images:
        raise NoImageError(
            "there is no image here: no file is a manifest. Save manifest.json from the folder "
            "in which the layers lie, and put it beside them"
        )
    selected = [image for image in images if choice.select is None or _answers_to(image, choice.select)]
    if not selected:
        raise UsageError(f"no image here is called {choice.select}; there are {_list(images)}")
    if choice.name and len(selected) > 1:
        raise UsageError(
            f"--name fits one image, and there are {len(selected)}: {_list(selected)}; choose one with --select"
        )
    return selected


def _answers_to(image: ImagePlan, wanted: str) -> bool:
    names = [str(name) for name in image.names] + [name.repository for name in image.names]
    digests = [str(digest) for digest in (image.manifest.descriptor.digest, image.image_id) if digest]
    hexes = [digest.partition(":")[2] for digest in digests]
    is_prefix = len(wanted) >= 12 and any(value.startswith(wanted) for value in (*digests, *hexes))
    return wanted in (*names, *digests, *hexes) or is_prefix


def _writable(image: NamedImage, choice: Choice, output: Output) -> NamedImage:
    if image.plan.kind is ImageKind.INDEX:
        return _of_index(image, choice, output)
    _demand_platform(image.plan, choice)
    if choice.convert_schema1 and can_be_converted(image.plan):
        return _changed(image, converted(image.plan))
    fidelity = image.plan.fidelity(output)
    if fidelity is Fidelity.EXACT:
        return _labelled(image, choice, output)
    if fidelity is Fidelity.SAME_IMAGE and choice.allow_new_digest:
        return _changed(image, with_new_manifest(image.plan))
    if choice.salvage and can_get_new_config(image.plan):
        return _changed(image, with_new_config(image.plan))
    raise CannotWriteError(_refusal(image.plan, output, fidelity))


def _demand_platform(image: ImagePlan, choice: Choice) -> None:
    if choice.platform and image.platform and not image.platform.matches(choice.platform):
        raise UsageError(f"{title_of(image)} is for {image.platform}, not for {choice.platform}")


def _changed(image: NamedImage, plan: ImagePlan) -> NamedImage:
    """The image as another plan has it; its digest is new in any case, so that wrong labels may go as well."""
    return replace(image, plan=with_right_labels(plan), original=image.plan)


def _labelled(image: NamedImage, choice: Choice, output: Output) -> NamedImage:
    """The image itself, unless a new digest is allowed and lets a wrong label be put right."""
    # Docker doesn't look at labels, and an index in a docker tar names its child by the original digest.
    plan = with_right_labels(image.plan) if choice.allow_new_digest and output is not Output.DOCKER_TAR else image.plan
    return image if plan is image.plan else replace(image, plan=plan, original=image.plan)


def _of_index(image: NamedImage, choice: Choice, output: Output) -> NamedImage:
    """The index itself, or one of its children, as the output and the choice want it."""
    if choice.platform:
        return _child(image, choice.platform, choice, output)
    if output is Output.DOCKER_TAR:
        child = image.plan.docker_child
        if child is None:
            raise CannotWriteError(_index_refusal(image.plan, "--platform writes one of them"))
        return NamedImage(child, image.names, index=image.plan)
    if image.plan.fidelity(output) is Fidelity.EXACT:
        return _labelled(image, choice, output)
    whole = tuple(child for child in image.plan.children if child.fidelity(output) is Fidelity.EXACT)
    if choice.sparse and whole and image.plan.manifest.is_here:
        return _labelled(NamedImage(replace(image.plan, children=whole), image.names), choice, output)
    raise CannotWriteError(
        _index_refusal(
            image.plan,
            "--sparse writes the index with the platforms that are whole, --platform writes one of them under the tag",
        )
    )


def _child(image: NamedImage, platform: Platform, choice: Choice, output: Output) -> NamedImage:
    matching = [child for child in image.plan.family if child.platform and child.platform.matches(platform)]
    images = [child for child in matching if child.kind is ImageKind.IMAGE]
    if not images:
        raise CannotWriteError(f"{title_of(image.plan)} has no image for {platform} here: {_platforms(image.plan)}")
    written = _writable(NamedImage(images[0], image.names), replace(choice, platform=None), output)
    return replace(written, index=image.plan if output is Output.DOCKER_TAR else None)


def _index_refusal(index: ImagePlan, advice: str) -> str:
    """Which platforms of an index are whole, and what to do: the advice, if there is something to choose from."""
    some_whole = any(child.is_whole_image for child in index.family)
    return f"{title_of(index)}: {_platforms(index)}. {advice if some_whole else _SCAN_TELLS}"


def _platforms(index: ImagePlan) -> str:
    whole = [str(child.platform) for child in index.family if child.is_whole_image]
    here = {child.manifest.descriptor.digest for child in index.children if child.is_whole_image}
    gone = [b for b in index.blobs if b.descriptor.digest not in here and not b.is_dispensable]
    lacking = [str(b.descriptor.platform or b.descriptor.digest.short) for b in gone]
    missing = f"; missing or damaged: {', '.join(lacking)}" if lacking else ""
    return f"whole: {', '.join(whole) or 'no platform'}{missing}"


def _refusal(plan: ImagePlan, output: Output, fidelity: Fidelity) -> str:
    title = title_of(plan)
    if fidelity is Fidelity.SAME_IMAGE:
        why = (
            "since not every layer has its original bytes"
            if plan.manifest.is_here
            else "since its bytes aren't here: download manifest.json, or prove it with --digest"
        )
        return (
            f"{title}: the original manifest can't be written, {why}. "
            "--allow-new-digest writes the same image (the image id stays) under a new manifest digest; "
            "to-docker-tar needs no option"
        )
    if isinstance(plan.parsed, Schema1Manifest) and plan.fidelity(Output.REGISTRY_TREE) is Fidelity.EXACT:
        return f"{title} is a schema 1 image, which docker doesn't load; --convert-schema1 makes a schema 2 image of it"
    if plan.kind is ImageKind.ARTIFACT:
        return f"{title} is no container image; docker can't load it, a registry tree can hold it"
    if output is Output.DOCKER_TAR and plan.config and not plan.config.platform.is_loadable_here:
        return (
            f"{title} is a Windows image, which docker loads on Windows alone; "
            "write a registry tree and pull the image from there"
        )
    gone = [blob for blob in plan.all_blobs if not (blob.exact or blob.content or blob.is_dispensable)]
    lacking = ", ".join(f"{blob.role} {blob.descriptor.digest.short}" for blob in gone[:5])
    lacking += f" and {len(gone) - 5} more" if len(gone) > 5 else ""
    what = f"is missing or damaged: {lacking}" if lacking else "contradicts itself"
    return f"{title} {what}. {_SCAN_TELLS}"


def _list(images: Sequence[ImagePlan]) -> str:
    return ", ".join(map(_title_and_digest, images[:10])) + (" …" if len(images) > 10 else "")


def _title_and_digest(image: ImagePlan) -> str:
    # Without a name, the title is the digest already.
    return f"{title_of(image)} ({image.manifest.descriptor.digest.short})" if image.names else title_of(image)
