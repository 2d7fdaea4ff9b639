"""``blobfix push``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Final

import typer

from importer.cli.console import progress_shown, tell
from importer.cli.options import (
    AllowNewDigest,
    Borrow,
    Digests,
    Names,
    NameTemplateText,
    NoProgress,
    NoRecompress,
    Paths,
    PlatformOption,
    RecompressLimit,
    ReplaceTags,
    Select,
    Silent,
    Sparse,
)
from importer.cli.remote import (
    DEFAULT_TIMEOUT,
    PasswordStdin,
    PlainHttp,
    RemoteOptions,
    Timeout,
    Transfers,
    Username,
)
from importer.cli.requests import WriteOptions
from importer.cli.writing import Tags, conclude, write_images
from importer.domain.digest import Digest
from importer.domain.media_types import OCI_INDEX
from importer.domain.places import RegistryPlace, RegistryPrefix
from importer.domain.reference import DEFAULT_TAG, Reference
from importer.errors import NetworkError, UsageError
from importer.places.opener import Opener
from importer.plan.blobs import Role
from importer.plan.fidelity import Output
from importer.plan.images import ImagePlan, Plan
from importer.plan.titles import title_of
from importer.recovery.documents.referrers import is_listing
from importer.transport.outgoing import OutgoingBlob, OutgoingImage, OutgoingManifest
from importer.transport.push import DEFAULT_JOBS, Push, Pushed, RepositoryPush
from importer.transport.sources import connect
from importer.words.text import listed
from importer.writers.moved_tags import MovedTag
from importer.writers.named_image import NamedImage
from importer.writers.referrer_tags import ReferrersListing, listings_of
from importer.writers.selection import Choice, Selection, choose, select_images
from importer.writers.verifying_reader import VerifyingReader

EXAMPLES: Final = """\b
Examples:
  blobfix push ./downloads registry.example/team/app:1.4
  blobfix push ./downloads registry.example/mirror --all-tags
  blobfix push ./downloads https://host.example/artifactory/api/docker/docker-local/v2/team/app:1.4
"""

_ATTEMPTS_TO_LIST: Final = 5
"""Bytes are counted where they are sent."""


def push(
    paths: Paths = None,
    reference: Annotated[
        str, typer.Argument(metavar="REFERENCE", help="Where the image is to go; with --all-tags, HOST[/PREFIX].")
    ] = ...,  # type: ignore[assignment]
    all_tags: Annotated[
        bool,
        typer.Option("--all-tags", help="Push every image that is here, each to its own repository and tag."),
    ] = False,
    mount_from: Annotated[
        list[str] | None,
        typer.Option("--mount-from", metavar="REPOSITORY", help="Another repository there that may hold the layers."),
    ] = None,
    names: Names = None,
    name_template: NameTemplateText = None,
    select: Select = None,
    platform: PlatformOption = None,
    digest: Digests = None,
    borrow: Borrow = None,
    allow_new_digest: AllowNewDigest = False,
    sparse: Sparse = False,
    replace_tags: ReplaceTags = False,
    no_recompress: NoRecompress = False,
    recompress_limit: RecompressLimit = None,
    username: Username = None,
    password_stdin: PasswordStdin = False,
    plain_http: PlainHttp = False,
    timeout: Timeout = DEFAULT_TIMEOUT,
    quiet: Silent = False,
    jobs: Transfers = DEFAULT_JOBS,
    no_progress: NoProgress = False,
) -> int:
    """Upload an image to a registry, with its original manifest digest.

    What the registry has already is left out. The tag is set last. A reference without a tag takes
    the image's own. With --all-tags, each image that can be pushed is; the others are named (exit code 4).
    """
    remote = RemoteOptions(username, password_stdin, plain_http, timeout, quiet)
    place = remote.registry_prefix(reference) if all_tags else remote.registry_place(reference)
    login = remote.login()
    options = WriteOptions(
        paths=paths,
        name=None,
        names=names,
        name_template=name_template,
        select=select,
        platform=platform,
        digest=digest,
        borrow=borrow,
        allow_new_digest=allow_new_digest,
        sparse=sparse,
        no_recompress=no_recompress,
        recompress_limit=recompress_limit,
    )
    question, choice = options.question(), options.choice()
    opener = Opener()
    reader = VerifyingReader(opener)
    client = connect(place, remote.surroundings(), login)
    with progress_shown(wanted=not (quiet or no_progress)) as progress:
        work = Push(client, progress, jobs, tuple(mount_from or ()))
        destination = _Below(place) if isinstance(place, RegistryPrefix) else _At(place)
        # What may be left out, or be had from another repository, isn't uploaded before that is known.
        sure = isinstance(place, RegistryPlace) and not (select or platform or mount_from or place.digest)
        with work.early_uploads(place) if sure and isinstance(place, RegistryPlace) else nullcontext() as early:

            def send(images: Sequence[NamedImage]) -> Pushed:
                listings = listings_of(images, reader)
                _demand_free_tags(listings, work, destination)
                pushed = work.run([going for image in images for going in destination.outgoing(image, reader)], early)
                _list_referrers(images, listings, work, destination)
                return pushed

            tags = Tags(partial(_moved, work=work, destination=destination, reader=reader), may_move=replace_tags)
            pick = partial(destination.choose, choice=choice, reader=reader)
            written = write_images(question, pick, send, progress, opener, early, tags)
    code = conclude(written, quiet=quiet, verb="pushed")
    if written.result and not quiet:
        sent = f"{written.result.sent} blob{'' if written.result.sent == 1 else 's'} uploaded"
        tell(f"{sent}, {written.result.skipped} were there already")
    return code


@dataclass(frozen=True, slots=True)
class _Below:
    """Each image's own repository, below a registry's prefix."""

    prefix: RegistryPrefix

    def choose(self, plan: Plan, choice: Choice, reader: VerifyingReader) -> Selection:
        """All images, under the names that they get; raises as ``choose`` does."""
        chosen = choose(plan, choice, Output.REGISTRY_TREE, reader)
        return replace(chosen, images=tuple(map(self._placed, chosen.images)))

    def place_of(self, repository: str) -> RegistryPlace:
        """The repository of an image that was chosen."""
        return replace(self.prefix.place_of("x"), repository=repository)

    def outgoing(self, image: NamedImage, reader: VerifyingReader) -> Iterator[tuple[RegistryPlace, OutgoingImage]]:
        """The image, for each repository that it goes to."""
        for repository in image.repositories:
            own = [name.tag for name in image.names if name.repository == repository]
            tags = () if is_listing(image.plan) else tuple(own)
            yield self.place_of(repository), _outgoing(image, reader, tags)

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

    def choose(self, plan: Plan, choice: Choice, reader: VerifyingReader) -> Selection:
        """The one image, under the name that it gets; raises as ``choose`` does."""
        place, here = self.place, select_images(plan, choice.select)
        if len(here) > 1:
            raise UsageError(
                f"a reference names one image, and there are {len(here)} here: {listed(map(title_of, here))}; choose "
                "one with --select, or push each to its own repository with --all-tags"
            )
        chosen = choose(
            plan, replace(choice, name=_reference(place, place.tag or DEFAULT_TAG)), Output.REGISTRY_TREE, reader
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

    def outgoing(self, image: NamedImage, reader: VerifyingReader) -> Iterator[tuple[RegistryPlace, OutgoingImage]]:
        """The image, once."""
        tags = () if self.place.digest and not self.place.tag else tuple(name.tag for name in image.names)
        yield self.place, _outgoing(image, reader, tags)


def _moved(
    images: Sequence[NamedImage], work: Push, destination: _Below | _At, reader: VerifyingReader
) -> Iterator[MovedTag]:
    """The tags that the registry has for other images."""
    for image in images:
        for place, outgoing in destination.outgoing(image, reader):
            for tag in outgoing.tags:
                before, now = work.repository(place).tag(tag), outgoing.manifests[-1].digest
                if before and before != now:
                    yield MovedTag(_reference(place, tag), before, now)


def _demand_free_tags(listings: Iterable[ReferrersListing], work: Push, destination: _Below | _At) -> None:
    """Raise UsageError when something else than a list of referrers stands where one is to stand."""
    for listing in listings:
        repository = work.repository(destination.place_of(listing.repository))
        if not repository.lists_referrers(listing.subject):
            listing.merged_into(repository.content(listing.tag))


def _list_referrers(
    images: Iterable[NamedImage], listings: Iterable[ReferrersListing], work: Push, destination: _Below | _At
) -> None:
    """Tell clients what refers to the images, where the registry doesn't do it itself."""
    sent = {member.manifest.descriptor.digest for image in images for member in _sent(image.plan)}
    for listing in listings:
        repository = work.repository(destination.place_of(listing.repository))
        wanted = listing.of_those(sent)
        if wanted.all_entries and not repository.lists_referrers(listing.subject):
            add_to_list(repository, wanted)


def add_to_list(repository: RepositoryPush, listing: ReferrersListing) -> None:
    """Put a list of referrers under its tag, until it is there whole; raises NetworkError and UsageError."""
    for _ in range(_ATTEMPTS_TO_LIST):
        content = listing.merged_into(repository.content(listing.tag))
        index = OutgoingManifest(Digest.of(content), OCI_INDEX, content)
        repository.put(OutgoingImage((), (index,), (listing.tag,)))
        # Another client may have read the list before, and written it after this one.
        if listing.lacks_nothing_in(repository.content(listing.tag)):
            return
    raise NetworkError(f"other programs change {repository.name}:{listing.tag} all the time; push again later")


def _is_same(image: ImagePlan, named: NamedImage) -> bool:
    original = named.original or named.plan
    return image.manifest.descriptor.digest == original.manifest.descriptor.digest


def _reference(place: RegistryPlace, tag: str) -> Reference:
    host = place.shown_host or place.base.authority
    return replace(Reference.of_repository(place.repository, tag), host=host)


def _sent(plan: ImagePlan) -> tuple[ImagePlan, ...]:
    """What is pushed of an image; a list of referrers is made anew, of those that the registry holds."""
    return plan.family[:-1] if is_listing(plan) else plan.family


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
