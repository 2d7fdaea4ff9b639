"""The plan of what the user asks about: some images of many, and of an index one platform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from importer.domain.platform import Host, Platform
from importer.errors import UsageError
from importer.plan.images import ImageIndex, ImagePlan, Plan
from importer.writers.named_image import NamedImage
from importer.writers.referrers import attached, with_referrers
from importer.writers.refusals import Refusal
from importer.writers.selection import Choice, child_for, refusal_by_platform, selected_images, standing


def narrowed(plan: Plan, choice: Choice) -> Plan:
    """The plan of what the user asks about: the chosen image, under the name and for the platform that were given.

    Raises UsageError when the choice fits none or several, also where a platform has several builds.
    """
    images, referrers = standing(plan), attached(plan.images)
    chosen = [NamedImage(image, image.names) for image in (selected_images(images, plan, choice) if images else ())]
    kept = [each.plan for image in chosen for each in with_referrers(image, referrers, choice.host)]
    if choice.platform:
        _demand_one_build(kept, choice.platform, choice.host)
        kept = [_of_platform(image, choice.platform) for image in kept]
    below = {member.manifest.descriptor.digest: member for image in kept for member in image.all_images}
    asked = [below[digest] for digest in (image.manifest.descriptor.digest for image in plan.images) if digest in below]
    return replace(plan, images=tuple(_as_asked(image, choice) for image in asked))


def _demand_one_build(images: Sequence[ImagePlan], platform: Platform, host: Host) -> None:
    """Raise UsageError, as a writer does, when of no image it is clear which build is meant."""
    children = [child_for(image, platform, host) if isinstance(image, ImageIndex) else image for image in images]
    unclear = [child for child in children if isinstance(child, Refusal) and child.is_usage]
    if unclear and len(unclear) == len(children):
        raise UsageError(unclear[0].reason)


def _of_platform(image: ImagePlan, platform: Platform) -> ImagePlan:
    """An index without the children for other platforms; any other image is itself."""
    if not isinstance(image, ImageIndex):
        return image
    children = [_of_platform(child, platform) for child in image.children if _may_be_for(child, platform)]
    children = [child for child in children if not isinstance(child, ImageIndex) or child.blobs]
    here = {child.manifest.descriptor.digest for child in children}
    blobs = [
        blob
        for blob in image.blobs
        if blob.descriptor.digest in here or (blob.descriptor.platform and blob.descriptor.platform.matches(platform))
    ]
    return replace(image, children=tuple(children), blobs=tuple(blobs))


def _may_be_for(child: ImagePlan, platform: Platform) -> bool:
    return isinstance(child, ImageIndex) or bool(child.platform and child.platform.matches(platform))


def _as_asked(image: ImagePlan, choice: Choice) -> ImagePlan:
    if not image.parents:
        refusal = refusal_by_platform(image, choice)
        if refusal:
            raise UsageError(refusal.reason)
    names = (choice.name,) if choice.name and not image.parents else image.names
    return replace(image, names=names)
