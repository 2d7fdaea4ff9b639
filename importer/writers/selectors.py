"""What ``--select`` takes: a name, or any digest that a report shows of an image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from importer.domain.digest import Digest
from importer.domain.reference import Reference
from importer.plan.blobs import Role
from importer.plan.images import ImagePlan, Plan
from importer.plan.titles import title_of, whereabouts
from importer.recovery.documents.referrers import is_listing
from importer.writers.refusals import titles


def within(plan: Plan, wanted: str) -> Iterator[ImagePlan]:
    """A child of an index, or what refers to an image, by its digest; a child goes by the names of its index."""
    names: dict[Digest, tuple[Reference, ...]] = {}
    for image in plan.images:
        # What a list of referrers names isn't called by the list's own tag.
        for child in image.all_images[:-1] if image.names and not is_listing(image) else ():
            names.setdefault(child.manifest.descriptor.digest, image.names)
    for image in plan.images:
        if wanted and answers_to(replace(image, names=()), wanted):
            yield replace(image, names=image.names or names.get(image.manifest.descriptor.digest, ()))


def not_here(plan: Plan, images: Sequence[ImagePlan], wanted: str) -> str:
    """Why nothing is selected: reports show the digests of blobs and of missing children, too."""
    owners = ((image, blob) for image in plan.images for blob in image.blobs)
    found = next(((image, blob) for image, blob in owners if _is_digest(wanted, blob.descriptor.digest)), None)
    if found is None:
        return f"no image here is called {wanted}; there are {titles(images)}"
    image, blob = found
    lacks = "whose manifest isn't here" if blob.role is Role.CHILD else "no image of its own"
    return f"{wanted} is {whereabouts(image, blob)}, {lacks}; there are {titles(images)}"


def answers_to(image: ImagePlan, wanted: str) -> bool:
    """Whether an image has that name, repository, manifest digest or image id."""
    names = [str(name) for name in image.names] + [name.repository for name in image.names]
    if image.repository:
        names += [str(image.repository), image.repository.name, str(image.name), title_of(image)]
    return wanted in names or _is_digest(wanted, image.manifest.descriptor.digest, image.image_id)


def _is_digest(wanted: str, *digests: Digest | None) -> bool:
    """Whether a text is one of the digests, in any form that names of files have, or as short as reports show it."""
    texts = [str(digest) for digest in digests if digest]
    claimed = Digest.from_name(wanted)
    if claimed and str(claimed) in texts:
        return True
    hexes = [text.partition(":")[2] for text in texts]
    return len(wanted) >= 12 and any(text.startswith(wanted) for text in (*texts, *hexes))
