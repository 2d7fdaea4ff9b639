"""``blobfix pull``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from importer.cli.console import progress_shown, tell
from importer.cli.options import NoProgress, NoSync, PlatformOption, Silent, platform_of
from importer.cli.remote import (
    DEFAULT_TIMEOUT,
    PasswordStdin,
    PlainHttp,
    RemoteOptions,
    Timeout,
    Transfers,
    Username,
)
from importer.cli.results import tell_next
from importer.places.durability import Durability
from importer.transport.image_folder import ImageFolder
from importer.transport.pull import DEFAULT_JOBS, Pull
from importer.transport.sources import open_image, repository_of, tag_of
from importer.words.printable import for_shell

EXAMPLES: Final = """\b
Examples:
  blobfix pull registry.example/team/app:1.4 -o ./download
  blobfix pull https://host.example/artifactory/docker-local/team/app/1.4/ -o ./download
  blobfix pull https://host.example/artifactory/api/docker/docker-local/v2/team/app:1.4 -o ./download
"""


def pull(
    reference: Annotated[
        str, typer.Argument(metavar="REFERENCE|URL", help="The image, or the URL of its folder in Artifactory.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The folder to save the image in.")],
    platform: PlatformOption = None,
    username: Username = None,
    password_stdin: PasswordStdin = False,
    plain_http: PlainHttp = False,
    timeout: Timeout = DEFAULT_TIMEOUT,
    quiet: Silent = False,
    jobs: Transfers = DEFAULT_JOBS,
    no_progress: NoProgress = False,
    no_sync: NoSync = False,
) -> None:
    """Download an image into a folder that every other command reads.

    Resumes when the connection breaks; to resume an interrupted run, run it again. All platforms of a
    multi-platform image are downloaded, unless --platform selects one.
    """
    options = RemoteOptions(username, password_stdin, plain_http, timeout, quiet)
    place, wanted, login = options.place(reference), platform_of(platform), options.login()
    surroundings = options.surroundings(Durability(is_wanted=not no_sync))
    image = open_image(place, surroundings, login)
    folder = ImageFolder(output, repository_of(place), tag_of(place), surroundings.durability, surroundings.tell)
    with progress_shown(wanted=not (quiet or no_progress)) as progress:
        pulled = Pull(image, folder, surroundings, progress, jobs).run(wanted)
    if not quiet:
        tell(str(place))
        tell(f"  manifest {pulled.manifest.digest}")
        tell(f"  {pulled.blobs} blobs, {pulled.size:,} bytes")
        tell(f"Saved in {pulled.folder}")
        tell_next("scan it:", (f"blobfix scan {for_shell(str(output))}",), tell)
