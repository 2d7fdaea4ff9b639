"""``blobfix push``."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from importer.cli.console import tell
from importer.cli.registry import Registry
from importer.cli.remote import (
    DEFAULT_TIMEOUT,
    PasswordStdin,
    PlainHttp,
    RemoteOptions,
    Timeout,
    Transfers,
    Username,
)
from importer.cli.requests import After, WriteOptions, with_write_options
from importer.cli.working import at_work
from importer.cli.writing import conclude
from importer.conversion import convert
from importer.errors import ExitCode
from importer.transport.push import DEFAULT_JOBS
from importer.transport.sources import connect

EXAMPLES: Final = """\b
Examples:
  blobfix push ./downloads registry.example/team/app:1.4
  blobfix push ./downloads registry.example/mirror --all-tags
  blobfix push ./downloads https://host.example/artifactory/api/docker/docker-local/v2/team/app:1.4
"""

_BEFORE_QUIET: Final = After("recompress_limit")


@with_write_options("name", "salvage", "convert_schema1", "deep", "jobs", "no_sync")
def push(
    options: WriteOptions,
    *,
    reference: Annotated[
        str, typer.Argument(metavar="REFERENCE", help="Where to push the image; with --all-tags, HOST[/PREFIX].")
    ],
    all_tags: Annotated[
        bool,
        typer.Option("--all-tags", help="Push every image here to its own repository and tag."),
    ] = False,
    mount_from: Annotated[
        list[str] | None,
        typer.Option(
            "--mount-from",
            metavar="REPOSITORY",
            help=("Another repository in that registry that may already have the layers."),
        ),
    ] = None,
    username: Annotated[Username, _BEFORE_QUIET] = None,
    password_stdin: Annotated[PasswordStdin, _BEFORE_QUIET] = False,
    plain_http: Annotated[PlainHttp, _BEFORE_QUIET] = False,
    timeout: Annotated[Timeout, _BEFORE_QUIET] = DEFAULT_TIMEOUT,
    jobs: Annotated[Transfers, After("quiet")] = DEFAULT_JOBS,
) -> ExitCode:
    """Upload an image to a registry, with its original manifest digest.

    Blobs that the registry already has are skipped. The tag is set last. Without a tag in the reference, the
    image's own tag is used. With --all-tags, all images that can be pushed are pushed and the others are named
    (exit code 4).
    """
    remote = RemoteOptions(username, password_stdin, plain_http, timeout, options.quiet)
    place = remote.registry_prefix(reference) if all_tags else remote.registry_place(reference)
    login = remote.login()
    question, choice = options.question(), options.choice()
    client = connect(place, remote.surroundings(), login)
    registry = Registry(
        client,
        place,
        tuple(mount_from or ()),
        jobs,
        early=not (options.select or options.platform),
        replace_tags=options.replace_tags,
    )
    with at_work(shows_progress=options.shows_progress) as executor:
        written = convert(question, choice, registry, executor)
    code = conclude(written, quiet=options.quiet, verb="pushed")
    if written.result and not options.quiet:
        sent = f"{written.result.sent} blob{'' if written.result.sent == 1 else 's'} uploaded"
        tell(f"{sent}, {written.result.skipped} were there already")
    return code
