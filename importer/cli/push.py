"""``blobfix push``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import Annotated, Final

import typer

from importer.cli.console import progress_shown
from importer.cli.options import (
    AllowNewDigest,
    Borrow,
    Digests,
    NoProgress,
    NoRecompress,
    Paths,
    PlatformOption,
    RecompressLimit,
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
from importer.cli.writing import conclude, write_images
from importer.domain.reference import DEFAULT_TAG, Reference
from importer.errors import UsageError
from importer.progress import SilentProgress
from importer.recovery.plan import ImagePlan, Output, Plan, Role
from importer.rules.wording import listed, title_of
from importer.transport.outgoing import OutgoingBlob, OutgoingImage, OutgoingManifest
from importer.transport.places import RegistryPlace
from importer.transport.push import DEFAULT_JOBS, Push, Pushed
from importer.transport.sources import connect
from importer.writers.named_image import NamedImage
from importer.writers.selection import Choice, Selection, choose, select_images
from importer.writers.verifying_reader import verified_blocks

EXAMPLES: Final = """\b
Examples:
  blobfix push ./downloads registry.example/team/app:1.4
  blobfix push ./downloads registry.example/team/app --all-tags
  blobfix push ./downloads https://host.example/artifactory/api/docker/docker-local/v2/team/app:1.4
"""

_IN_SILENCE: Final = SilentProgress().advance
"""Bytes are counted where they are sent."""


def push(
    paths: Paths = None,
    reference: Annotated[str, typer.Argument(metavar="REFERENCE", help="Where the image is to go.")] = ...,  # type: ignore[assignment]
    all_tags: Annotated[
        bool, typer.Option("--all-tags", help="Push every image that is here, each under its own tag.")
    ] = False,
    mount_from: Annotated[
        list[str] | None,
        typer.Option("--mount-from", metavar="REPOSITORY", help="Another repository there that may hold the layers."),
    ] = None,
    select: Select = None,
    platform: PlatformOption = None,
    digest: Digests = None,
    borrow: Borrow = None,
    allow_new_digest: AllowNewDigest = False,
    sparse: Sparse = False,
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
    place, login = remote.registry_place(reference), remote.login()
    options = WriteOptions(
        paths=paths,
        name=None,
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
    client = connect(place, remote.surroundings(), login)
    with progress_shown(wanted=not (quiet or no_progress)) as progress:
        work = Push(client, place, progress, jobs, tuple(mount_from or ()))
        # What may be left out, or be had from another repository, isn't uploaded before that is known.
        sure = not (select or platform or mount_from or place.digest)
        with work.early_uploads(several=all_tags) if sure else nullcontext() as early:

            def send(images: Sequence[NamedImage]) -> Pushed:
                return work.run([_outgoing(image, place) for image in images], early)

            pick = partial(_named, choice=choice, place=place, all_tags=all_tags)
            written = write_images(question, pick, send, progress, early)
    code = conclude(written, quiet=quiet, verb="pushed")
    if written.result and not quiet:
        typer.echo(f"{written.result.sent} blobs uploaded, {written.result.skipped} were there already")
    return code


def _named(plan: Plan, choice: Choice, place: RegistryPlace, *, all_tags: bool) -> Selection:
    """The images to push, under the names that they get; raises as ``choose`` does."""
    if all_tags and (place.tag or place.digest):
        raise UsageError("--all-tags takes every image's own tag; give the repository without one")
    if all_tags:
        chosen = choose(plan, choice, Output.REGISTRY_TREE)
        named = (replace(each, names=tuple(_here(place, name.tag) for name in each.names)) for each in chosen.images)
        return replace(chosen, images=tuple(named))
    here = select_images(plan, choice.select)
    if len(here) > 1:
        raise UsageError(
            f"a reference names one image, and there are {len(here)} here: {listed(map(title_of, here))}; choose one "
            "with --select, or push each under its own tag with --all-tags"
        )
    chosen = choose(plan, replace(choice, name=_here(place, place.tag or DEFAULT_TAG)), Output.REGISTRY_TREE)
    own = chosen.images
    if not own:
        return chosen
    if place.digest and own[0].plan.manifest_digest != place.digest:
        raise UsageError(f"the manifest here has the digest {own[0].plan.manifest_digest}, not {place.digest}")
    if place.tag or place.digest:
        return chosen
    tags = {name.tag for image in plan.images for name in image.names if _is_same(image, own[0])}
    if len(tags) != 1:
        return chosen
    return replace(chosen, images=(replace(own[0], names=(_here(place, tags.pop()),)), *own[1:]))


def _is_same(image: ImagePlan, named: NamedImage) -> bool:
    original = named.original or named.plan
    return image.manifest.descriptor.digest == original.manifest.descriptor.digest


def _here(place: RegistryPlace, tag: str) -> Reference:
    host = place.shown_host or place.base.authority
    return replace(Reference.of_repository(place.repository, tag), host=host)


def _outgoing(image: NamedImage, place: RegistryPlace) -> OutgoingImage:
    manifests, blobs = [], []
    for member in image.plan.family:
        for blob in member.all_blobs:
            if blob.exact and blob.role is Role.MANIFEST:
                content = b"".join(verified_blocks(blob.exact, _IN_SILENCE))
                media_type = member.parsed.media_type if member.parsed else blob.descriptor.media_type
                manifests.append(OutgoingManifest(blob.exact.digest, media_type, content))
            elif blob.exact and blob.role is not Role.CHILD:
                blobs.append(
                    OutgoingBlob(blob.exact.digest, blob.exact.size, partial(verified_blocks, blob.exact, _IN_SILENCE))
                )
    tags = () if place.digest and not place.tag else tuple(name.tag for name in image.names)
    return OutgoingImage(tuple(blobs), tuple(manifests), tags)
