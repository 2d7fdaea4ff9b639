"""Why an image can't be written as it was asked for: as data, and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from importer.domain.platform import Host, Platform
from importer.domain.schema1 import Schema1Manifest
from importer.mutate.edited_configs import edited_config
from importer.plan.causes import DigestMismatch
from importer.plan.fidelity import Fidelity, OutputKind, fidelity, is_whole_image, obstacles, whole_images
from importer.plan.flaws import InvalidManifest
from importer.plan.images import ContainerImage, ImagePlan
from importer.plan.titles import title_of
from importer.writers.outputs import Output

_MISFIT: Final = "and its layers aren't the ones that it lists, so no option can make an image from them"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An image that isn't written.

    Attributes:
        image: which one.
        reason: why, and what to do, in one line that begins with what the image is called.
        is_usage: whether the image is well and the call has to change: it lacks a name, or asks for another platform.
        is_damaged: whether a scan tells more: what is wrong with its parts, and what must be downloaded again.
    """

    image: ImagePlan
    reason: str
    is_usage: bool = False
    is_damaged: bool = False


def refused(image: ImagePlan, output: Output, truth: Fidelity, host: Host) -> Refusal:
    """An image that can't be written to the output, or only as ``truth`` says."""
    return Refusal(image, _reason(image, output, truth, host), is_damaged=truth is Fidelity.NONE)


def of_another_platform(image: ImagePlan, wanted: Platform) -> Refusal:
    """An image that isn't made for the platform asked for."""
    own = image.platform.with_version if image.platform else "no platform"
    return Refusal(image, f"{title_of(image)} is for {own}, not for {wanted.with_version}", is_usage=True)


def nameless(image: ImagePlan, *, is_alone: bool) -> Refusal:
    """An image without a name where one is needed; beside others it can't be given by --name."""
    lack = "no tag of it was found here" if image.repository else "none was found here"
    example = f"{image.repository}:1.4" if image.repository else "team/app:1.4"
    how = f"--name {example}" if is_alone else "--names FILE or --name-template 'recovered/{image_id}'"
    reason = f"{title_of(image)}: a registry needs a name, and {lack}; give one with {how}"
    return Refusal(image, reason, is_usage=True)


def of_other_layers(image: ImagePlan) -> Refusal:
    """An image whose config was edited, and whose layers aren't what that lists."""
    return Refusal(image, f"{title_of(image)}: its config was changed, {_MISFIT}", is_damaged=True)


def index_refused(index: ImagePlan, host: Host, advice: str) -> Refusal:
    """An index that isn't whole: which platforms are, and the advice, if there is something to choose from."""
    told = f"{title_of(index)}: {_platforms(index, host)}"
    return Refusal(index, f"{told}. {advice}" if whole_images(index, host) else told, is_damaged=True)


def lacks_platform(index: ImagePlan, wanted: Platform, host: Host) -> Refusal:
    """An index without an image for the platform asked for."""
    return Refusal(index, f"{title_of(index)} has no image for {wanted.with_version} here: {_platforms(index, host)}")


def of_several_builds(index: ImagePlan, wanted: Platform, builds: Sequence[ImagePlan]) -> Refusal:
    """An index with several builds of an operating system for the platform asked for."""
    told = ", ".join(f"{b.platform.with_version} ({b.manifest.descriptor.digest})" for b in builds if b.platform)
    one = builds[-1].platform or wanted
    reason = f"{title_of(index)} has {len(builds)} images for {wanted.with_version}: {told}"
    return Refusal(index, f"{reason}; choose one with --platform {one.with_version} or --select", is_usage=True)


def titles(images: Sequence[ImagePlan]) -> str:
    """The images in a list, by name and digest."""
    return ", ".join(map(_title_and_digest, images[:10])) + (" …" if len(images) > 10 else "")


def _title_and_digest(image: ImagePlan) -> str:
    # Without a name, the title is the digest already.
    return f"{title_of(image)} ({image.manifest.descriptor.digest.short})" if image.names else title_of(image)


def _platforms(index: ImagePlan, host: Host) -> str:
    whole = [str(child.platform) for child in whole_images(index, host)]
    here = {child.manifest.descriptor.digest for child in index.children if is_whole_image(child, host)}
    locked = {child.manifest.descriptor.digest for child in index.children if _is_only_unloadable(child, host)}
    gone = [b for b in index.blobs if b.descriptor.digest not in here | locked and not b.is_dispensable]
    lacking = [str(b.descriptor.platform or b.descriptor.digest.short) for b in gone]
    missing = f"; missing or damaged: {', '.join(lacking)}" if lacking else ""
    return f"whole: {', '.join(whole) or 'no platform'}{missing}{_unloadable(index, host)}"


def _unloadable(index: ImagePlan, host: Host) -> str:
    """Which images of an index are here, and can't be loaded by any docker, or not by this one."""
    reasons = [
        f"{child.platform or title_of(child)} {obstacles(child, host)[0].refusal}"
        for child in index.children
        if isinstance(child, ContainerImage) and _is_only_unloadable(child, host)
    ]
    return "".join(f"; {reason}" for reason in reasons)


def _is_only_unloadable(child: ImagePlan, host: Host) -> bool:
    return child.is_untouched and bool(obstacles(child, host))


def _why_not_original(plan: ImagePlan) -> str:
    """Why only the image, and not its manifest, is the original's."""
    if plan.manifest.is_here:
        return "because not every layer has its original bytes"
    if isinstance(plan.manifest.cause, DigestMismatch):
        return "because the one here has the wrong digest: download manifest.json again"
    if any(isinstance(flaw, InvalidManifest) for flaw in plan.flaws):
        return "because the one here isn't a readable manifest: download manifest.json again"
    return "because its bytes aren't here: download manifest.json, or prove it with --digest"


def _reason(plan: ImagePlan, output: Output, truth: Fidelity, host: Host) -> str:
    title = title_of(plan)
    if truth is Fidelity.SAME_IMAGE and plan.is_altered:
        return (
            f"{title}: the original manifest can't be written, because the text of the one here was changed: "
            f"{plan.alteration}. --digest proves it, --allow-new-digest writes it unchanged, under its current "
            "digest; to-docker-tar needs no option"
        )
    if truth is Fidelity.SAME_IMAGE:
        return (
            f"{title}: the original manifest can't be written, {_why_not_original(plan)}. "
            "--allow-new-digest writes the same image (the image id stays) under a new manifest digest; "
            "to-docker-tar needs no option"
        )
    if isinstance(plan.parsed, Schema1Manifest) and fidelity(plan, OutputKind.ORIGINAL, host) is Fidelity.EXACT:
        return f"{title} is a schema 1 image, which docker doesn't load; --convert-schema1 converts it to schema 2"
    if output.kind is OutputKind.DOCKER and (reasons := obstacles(plan, host)):
        return f"{title} {reasons[0].refusal}"
    if edited := edited_config(plan):
        way = "--allow-new-digest writes the image with it, under a new image id, if its layers match it"
        return f"{title}: its config was changed, {_MISFIT if edited.misfit else f'and {way}'}"
    gone = [blob for blob in plan.all_blobs if not (blob.exact or blob.content or blob.is_dispensable)]
    lacking = ", ".join(f"{blob.role} {blob.descriptor.digest.short}" for blob in gone[:5])
    lacking += f" and {len(gone) - 5} more" if len(gone) > 5 else ""
    verb = "is" if len(gone) == 1 else "are"
    return f"{title}: {lacking} {verb} missing or damaged" if lacking else f"{title} contradicts itself"
