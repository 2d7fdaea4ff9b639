"""A registry as a destination: where images go that are pushed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from importer.domain.digest import Digest
from importer.domain.media_types import OCI_INDEX
from importer.domain.places import RegistryPlace, RegistryPrefix
from importer.domain.reference import DEFAULT_TAG, Reference
from importer.errors import NetworkError, UsageError
from importer.places.store import Store
from importer.plan.blobs import Role
from importer.plan.images import ImagePlan, Plan
from importer.plan.titles import title_of
from importer.progress import Progress
from importer.recovery.documents.referrers import is_listing
from importer.transport.client import Client
from importer.transport.early_uploads import EarlyUploads
from importer.transport.outgoing import OutgoingBlob, OutgoingImage, OutgoingManifest
from importer.transport.push import Push, Pushed, RepositoryPush
from importer.words.text import listed
from importer.writers.destination import OpenDestination
from importer.writers.moved_tags import MovedTag
from importer.writers.named_image import NamedImage
from importer.writers.outputs import REGISTRY_TREE
from importer.writers.referrer_tags import ReferrersListing, listings_of
from importer.writers.selection import Choice, Selection, choose, select_images
from importer.writers.verifying_reader import VerifyingReader

_ATTEMPTS_TO_LIST: Final = 5


@dataclass(frozen=True, slots=True)
class Registry:
    """A registry, reached by its HTTP API.

    Attributes:
        client: of its server.
        place: where one image goes, or the prefix below which each goes into its own repository.
        mount_from: other repositories there that may hold the layers.
        jobs: how many blobs are sent at once.
        early: whether blobs may be sent before it is known that they are wanted; never to several places, nor where
            they may be left out or be had from another repository.
        replace_tags: whether tags that are there already may name other images than before.
    """

    client: Client
    place: RegistryPlace | RegistryPrefix
    mount_from: tuple[str, ...]
    jobs: int
    early: bool
    replace_tags: bool

    def check(self, inputs: Iterable[Store]) -> None:
        """What the registry refuses shows when it is asked."""

    @contextmanager
    def opened(self, reader: VerifyingReader, progress: Progress) -> Iterator[OpenRegistry]:
        """Begin to send; an upload that isn't wanted in the end is cancelled. Raises NetworkError."""
        work = Push(self.client, progress, self.jobs, self.mount_from)
        if isinstance(self.place, RegistryPrefix):
            yield OpenRegistry(work, _Below(self.place, reader), None)
            return
        is_sure = self.early and not self.mount_from and not self.place.digest
        with work.early_uploads(self.place) if is_sure else nullcontext() as early:
            yield OpenRegistry(work, _At(self.place, reader), early)


class OpenRegistry(OpenDestination[Pushed]):
    """The registry, before a tag of it names another image."""

    def __init__(self, work: Push, target: _Below | _At, early: EarlyUploads | None) -> None:
        self._work = work
        self._target = target
        self._early = early

    def capture(self) -> EarlyUploads | None:
        """Sends wanted blobs while they are first read."""
        return self._early

    def choose(self, plan: Plan, choice: Choice) -> Selection:
        """The images whose manifests can be pushed, under the names that they get there."""
        return self._target.choose(plan, choice)

    def moved_tags(self, images: Sequence[NamedImage]) -> Iterator[MovedTag]:
        """The tags that the registry has for other images."""
        for image in images:
            for place, outgoing in self._target.outgoing(image):
                for tag in outgoing.tags:
                    before, now = self._work.repository(place).tag(tag), outgoing.manifests[-1].digest
                    if before and before != now:
                        yield MovedTag(_reference(place, tag), before, now)

    def write(self, images: Sequence[NamedImage]) -> Pushed:
        """Send what the registry lacks, the tags last."""
        listings = listings_of(images, self._target.reader)
        self._demand_free_tags(listings)
        outgoing = [going for image in images for going in self._target.outgoing(image)]
        pushed = self._work.run(outgoing, self._early)
        self._list_referrers(images, listings)
        return pushed

    def _demand_free_tags(self, listings: Iterable[ReferrersListing]) -> None:
        """Raise UsageError when something else than a list of referrers stands where one is to stand."""
        for listing in listings:
            repository = self._work.repository(self._target.place_of(listing.repository))
            if not repository.lists_referrers(listing.subject):
                listing.merged_into(repository.content(listing.tag))

    def _list_referrers(self, images: Iterable[NamedImage], listings: Iterable[ReferrersListing]) -> None:
        """Tell clients what refers to the images, where the registry doesn't do it itself."""
        sent = {member.manifest.descriptor.digest for image in images for member in _sent(image.plan)}
        for listing in listings:
            repository = self._work.repository(self._target.place_of(listing.repository))
            wanted = listing.of_those(sent)
            if wanted.all_entries and not repository.lists_referrers(listing.subject):
                add_to_list(repository, wanted)


@dataclass(frozen=True, slots=True)
class _Below:
    """Each image's own repository, below a registry's prefix."""

    prefix: RegistryPrefix
    reader: VerifyingReader

    def choose(self, plan: Plan, choice: Choice) -> Selection:
        """All images, under the names that they get; raises as ``choose`` does."""
        chosen = choose(plan, choice, REGISTRY_TREE, self.reader)
        return replace(chosen, images=tuple(map(self._placed, chosen.images)))

    def place_of(self, repository: str) -> RegistryPlace:
        """The repository of an image that was chosen."""
        return replace(self.prefix.place_of("x"), repository=repository)

    def outgoing(self, image: NamedImage) -> Iterator[tuple[RegistryPlace, OutgoingImage]]:
        """The image, for each repository that it goes to."""
        for repository in image.repositories:
            own = [name.tag for name in image.names if name.repository == repository]
            tags = () if is_listing(image.plan) else tuple(own)
            yield self.place_of(repository), _outgoing(image, self.reader, tags)

    def _placed(self, image: NamedImage) -> NamedImage:
        names = tuple(_reference(self._own(name.repository), name.tag) for name in image.names)
        return replace(image, names=names, beside=tuple(self._own(name).repository for name in image.beside))

    def _own(self, repository: str) -> RegistryPlace:
        try:
            return self.prefix.place_of(repository)
        except ValueError as error:
            raise UsageError(f"{error}; choose a shorter prefix") from error


@dataclass(frozen=True, slots=True)
class _At:
    """One image, and what refers to it, at one place."""

    place: RegistryPlace
    reader: VerifyingReader

    def choose(self, plan: Plan, choice: Choice) -> Selection:
        """The one image, under the name that it gets; raises as ``choose`` does."""
        place, here = self.place, select_images(plan, choice.select)
        if len(here) > 1:
            raise UsageError(
                f"a reference names one image, and there are {len(here)} here: {listed(map(title_of, here))}; "
                "choose one with --select, or push each to its own repository with --all-tags"
            )
        chosen = choose(
            plan, replace(choice, name=_reference(place, place.tag or DEFAULT_TAG)), REGISTRY_TREE, self.reader
        )
        own = chosen.images
        if own and place.digest and own[0].plan.manifest_digest != place.digest:
            raise UsageError(f"the manifest here has the digest {own[0].plan.manifest_digest}, not {place.digest}")
        tags = {name.tag for image in plan.images for name in image.names if own and _is_same(image, own[0])}
        if place.tag or place.digest or len(tags) != 1:
            return chosen
        return replace(chosen, images=(replace(own[0], names=(_reference(place, tags.pop()),)), *own[1:]))

    def place_of(self, repository: str) -> RegistryPlace:  # noqa: ARG002 - there is only one
        """The repository."""
        return self.place

    def outgoing(self, image: NamedImage) -> Iterator[tuple[RegistryPlace, OutgoingImage]]:
        """The image, once."""
        tags = () if self.place.digest and not self.place.tag else tuple(name.tag for name in image.names)
        yield self.place, _outgoing(image, self.reader, tags)


def add_to_list(repository: RepositoryPush, listing: ReferrersListing) -> None:
    """Put a list of referrers under its tag, until it is there whole; raises NetworkError and UsageError."""
    for _ in range(_ATTEMPTS_TO_LIST):
        content = listing.merged_into(repository.content(listing.tag))
        index = OutgoingManifest(Digest.of(content), OCI_INDEX, content)
        repository.put(OutgoingImage((), (index,), (listing.tag,)))
        # Another client may have read the list before, and written it after this one.
        if listing.lacks_nothing_in(repository.content(listing.tag)):
            return
    raise NetworkError(f"other programs change {repository.name}:{listing.tag} repeatedly; push again later")


def _is_same(image: ImagePlan, named: NamedImage) -> bool:
    original = named.original or named.plan
    return image.manifest.descriptor.digest == original.manifest.descriptor.digest


def _reference(place: RegistryPlace, tag: str) -> Reference:
    host = place.shown_host or place.base.authority
    return replace(Reference.of_repository(place.repository, tag), host=host)


def _sent(plan: ImagePlan) -> tuple[ImagePlan, ...]:
    """What is pushed of an image; a list of referrers is made anew, of those that the registry holds."""
    return plan.all_images[:-1] if is_listing(plan) else plan.all_images


def _outgoing(image: NamedImage, reader: VerifyingReader, tags: tuple[str, ...]) -> OutgoingImage:
    manifests, blobs = [], []
    for member in _sent(image.plan):
        for blob in member.all_blobs:
            if blob.exact and blob.role is Role.MANIFEST:
                content = reader.content(blob.exact)
                media_type = member.parsed.media_type if member.parsed else blob.descriptor.media_type
                manifests.append(OutgoingManifest(blob.exact.digest, media_type, content))
            elif blob.exact and blob.role is not Role.CHILD:
                blobs.append(OutgoingBlob(blob.exact.digest, blob.exact.size, partial(reader.blocks, blob.exact)))
    return OutgoingImage(tuple(blobs), tuple(manifests), tags)
