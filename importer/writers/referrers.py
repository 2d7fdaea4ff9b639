"""Manifests that say something of another: signatures, SBOMs, attestations. They go where that one goes.

Source: image-spec v1.1, manifest.md, "subject". Without a name of their own they are known by their digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from importer.domain.digest import Digest
from importer.domain.platform import Host
from importer.domain.schema1 import Schema1Manifest
from importer.recovery.fidelity import fidelity
from importer.recovery.plan import Fidelity, ImagePlan, Output
from importer.writers.named_image import NamedImage


def subject_of(image: ImagePlan) -> Digest | None:
    """The manifest that this one says something of."""
    if image.parsed is None or isinstance(image.parsed, Schema1Manifest):
        return None
    return image.parsed.subject.digest if image.parsed.subject else None


def nameless_referrers(images: Iterable[ImagePlan]) -> dict[Digest, list[ImagePlan]]:
    """Those without a name whose subject is among the images, by that subject."""
    there = {image.manifest.descriptor.digest for image in images}
    found: dict[Digest, list[ImagePlan]] = {}
    for image in images:
        subject = subject_of(image)
        if subject in there and not image.names and not image.parents:
            found.setdefault(subject, []).append(image)
    return found


def with_referrers(
    image: NamedImage,
    referrers: dict[Digest, list[ImagePlan]],
    host: Host,
    output: Output | None = None,
) -> Iterator[NamedImage]:
    """The image, and what refers to it, to its children, or to those in turn; for an output, what it can hold whole."""
    yield image
    for member in image.plan.family:
        for referrer in referrers.get(member.manifest.descriptor.digest, ()):
            if output is None or fidelity(referrer, output, host) is Fidelity.EXACT:
                yield from with_referrers(NamedImage(referrer, (), beside=image.repositories), referrers, host, output)
