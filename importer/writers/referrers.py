"""Manifests that say something of another: signatures, SBOMs, attestations. They go where that one goes.

Source: image-spec v1.1, manifest.md, "subject". Without a name of their own they are known by their digest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from importer.domain.platform import Host
from importer.domain.reference import Reference
from importer.domain.referrers_tag import referrers_tag
from importer.plan.fidelity import Fidelity, fidelity
from importer.plan.images import ImagePlan
from importer.recovery.documents.referrers import is_listing, names_of_listings, subject_of
from importer.writers.named_image import NamedImage
from importer.writers.outputs import Output

Attached = Mapping[str, Sequence[ImagePlan]]
"""What goes where a manifest goes, by the tag that lists what refers to it."""


def attached(images: Sequence[ImagePlan]) -> Attached:
    """Nameless manifests whose subject is among the images, and the indexes that list what refers to one of them."""
    there = {referrers_tag(image.manifest.descriptor.digest) for image in images}
    names = names_of_listings(images) if any(map(is_listing, images)) else {}
    found: dict[str, list[ImagePlan]] = {}
    for image in images:
        for tag in _tags_above(image, names):
            if tag in there:
                found.setdefault(tag, []).append(image)
    return found


def _tags_above(image: ImagePlan, names: Mapping[str, Sequence[Reference]]) -> Iterator[str]:
    if is_listing(image):
        # One that is called by another repository than its subject is left where it is.
        if all(name in names.get(name.tag, ()) for name in image.names):
            yield from image.referrers_tags
    elif (subject := subject_of(image)) and not image.names and not image.parents:
        yield referrers_tag(subject)


def with_referrers(
    image: NamedImage, referrers: Attached, host: Host, output: Output | None = None
) -> Iterator[NamedImage]:
    """The image, and what refers to it, to its children, or to those in turn; for an output, what it can hold whole."""
    waiting, seen = deque([image]), {image.plan.manifest.descriptor.digest}
    while waiting:
        current = waiting.popleft()
        yield current
        for member in current.plan.all_images:
            tag = referrers_tag(member.manifest.descriptor.digest)
            for referrer in referrers.get(tag, ()):
                plan = _as_held(referrer, output, host)
                if plan and plan.manifest.descriptor.digest not in seen:
                    seen.add(plan.manifest.descriptor.digest)
                    waiting.append(NamedImage(plan, (), beside=image.repositories))


def _as_held(referrer: ImagePlan, output: Output | None, host: Host) -> ImagePlan | None:
    """What an output holds of a referrer: all of it or nothing, but of a list whatever in it is whole."""
    if output is None or fidelity(referrer, output.kind, host) is Fidelity.EXACT:
        return referrer
    if not is_listing(referrer) or not referrer.manifest.is_here:
        return None
    whole = tuple(child for child in referrer.children if fidelity(child, output.kind, host) is Fidelity.EXACT)
    return replace(referrer, children=whole)
