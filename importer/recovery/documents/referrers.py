"""What says something of another manifest, and the indexes that list it.

Sources: image-spec v1.1, manifest.md, "subject"; distribution-spec v1.1, "Referrers Tag Schema"; regclient,
scheme/ocidir/referrer.go, which keeps the same index in a layout, under the same tag.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final, TypeGuard

from importer.domain.digest import Digest
from importer.domain.reference import Reference
from importer.domain.referrers_tag import is_referrers_tag, referrers_tag
from importer.domain.schema1 import Schema1Manifest
from importer.inventory.inventory import Inventory
from importer.plan.images import ImageIndex, ImagePlan
from importer.recovery.documents.wanted import layout_indexes

_SHORT_NAME: Final = "org.opencontainers.image.ref.name"


def subject_of(image: ImagePlan) -> Digest | None:
    """The manifest that this one says something of."""
    if image.parsed is None or isinstance(image.parsed, Schema1Manifest):
        return None
    return image.parsed.subject.digest if image.parsed.subject else None


def referrers_tags(
    inventory: Inventory, names: Mapping[Digest, tuple[Reference, ...]]
) -> Mapping[Digest, tuple[str, ...]]:
    """Which manifests stand under a tag that lists referrers, in a layout or by their names, with these tags."""
    found: dict[Digest, dict[str, None]] = {}
    for digest, own in names.items():
        for name in own:
            if is_referrers_tag(name.tag):
                found.setdefault(digest, {})[name.tag] = None
    for _, index in layout_indexes(inventory):
        for child in index.children:
            tag = child.annotations.get(_SHORT_NAME, "")
            if is_referrers_tag(tag):
                found.setdefault(child.digest, {})[tag] = None
    return {digest: tuple(tags) for digest, tags in found.items()}


def with_names_of_subjects(images: Iterable[ImagePlan]) -> Iterator[ImagePlan]:
    """The images; a list of referrers that has a tag alone is called by the repositories of its subject."""
    images = tuple(images)
    names = names_of_listings(images) if any(image.referrers_tags for image in images) else {}
    for image in images:
        own = [name for tag in image.referrers_tags for name in names.get(tag, ())]
        yield replace(image, names=tuple(sorted(own, key=str))) if own and not image.names else image


def names_of_listings(images: Iterable[ImagePlan]) -> Mapping[str, tuple[Reference, ...]]:
    """By its tag, how a list of referrers is called in each repository in which its subject is.

    What refers to an image, and has no name, is in its repositories, and so is what refers to that.
    """
    images = tuple(images)
    nameless: dict[str, list[str]] = {}
    for image in images:
        subject = subject_of(image)
        if subject and not image.names:
            nameless.setdefault(referrers_tag(subject), []).append(_tag_of(image))
    waiting = [
        (_tag_of(member), name)
        for image in images
        if not image.referrers_tags
        for name in image.names
        for member in image.all_images
    ]
    found: dict[str, dict[tuple[str | None, str], Reference]] = {}
    while waiting:
        tag, name = waiting.pop()
        known = found.setdefault(tag, {})
        if (name.host, name.repository) not in known:
            known[name.host, name.repository] = name.with_tag(tag)
            waiting += [(below, name) for below in nameless.get(tag, ())]
    return {tag: tuple(known.values()) for tag, known in found.items()}


def is_listing(image: ImagePlan) -> TypeGuard[ImageIndex]:
    """Whether an image is an index of referrers, by its tag: it is added to, and never replaced."""
    return isinstance(image, ImageIndex) and bool(image.referrers_tags)


def _tag_of(image: ImagePlan) -> str:
    return referrers_tag(image.manifest.descriptor.digest)
