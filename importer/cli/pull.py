"""``blobfix pull``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from importer.cli.console import progress_shown, say, tell
from importer.cli.options import NoProgress, NoSync, PlatformOption, Silent, platform_of
from importer.cli.reference_list import STANDARD_INPUT, read_reference_list
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
from importer.domain.places import Place
from importer.domain.platform import Platform
from importer.errors import BlobfixError, NetworkError, UsageError
from importer.places.durability import Durability
from importer.places.named import path_of
from importer.progress import Progress
from importer.transport.image_folder import ImageFolder
from importer.transport.pull import DEFAULT_JOBS, Pull, Pulled
from importer.transport.sources import Login, open_image, repository_of, tag_of
from importer.words.printable import for_shell

EXAMPLES: Final = """\b
Examples:
  blobfix pull registry.example/team/app:1.4 -o ./download
  blobfix pull https://host.example/artifactory/docker-local/team/app/1.4/ -o ./download
  blobfix pull https://host.example/artifactory/api/docker/docker-local/v2/team/app:1.4 -o ./download
  blobfix pull --from-file images.txt -o ./download
"""


def pull(
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="DIR", help="The folder to save the image in.", parser=path_of),
    ],
    reference: Annotated[
        str | None,
        typer.Argument(metavar="[REFERENCE|URL]", help="The image, or the URL of its folder in Artifactory."),
    ] = None,
    from_file: Annotated[
        str | None,
        typer.Option(
            "--from-file",
            metavar="LIST",
            help="Download the images that this file names, one a line, one after the other; - is standard input.",
        ),
    ] = None,
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
    """Download images into a folder that every other command reads.

    Resumes when the connection breaks; to resume an interrupted run, run it again. All platforms of a
    multi-platform image are downloaded, unless --platform selects one. Of several images, one that can't be
    downloaded doesn't keep the others from it.
    """
    options = RemoteOptions(username, password_stdin, plain_http, timeout, quiet)
    places = _places(reference, from_file, options)
    job = _Job(output, platform_of(platform), options, options.login(), Durability(is_wanted=not no_sync), jobs)
    failures: list[tuple[Place, BlobfixError]] = []
    with progress_shown(wanted=not (quiet or no_progress)) as progress:
        for place in places:
            try:
                pulled = job.pull(place, progress)
            except (NetworkError, UsageError) as error:
                if len(places) == 1:
                    raise
                failures.append((place, error))
                say(f"{place}: {error}")
                continue
            if not quiet:
                _tell_pulled(place, pulled)
    if failures:
        raise _summed_up(failures, len(places))
    if not quiet:
        tell_next("scan it:", (f"blobfix scan {for_shell(str(output))}",), tell)


@dataclass(frozen=True, slots=True)
class _Job:
    output: Path
    platform: Platform | None
    options: RemoteOptions
    login: Login
    durability: Durability
    jobs: int

    def pull(self, place: Place, progress: Progress) -> Pulled:
        surroundings = self.options.surroundings(self.durability)
        folder = ImageFolder(self.output, repository_of(place), tag_of(place), self.durability, surroundings.tell)
        image = open_image(place, surroundings, self.login)
        return Pull(image, folder, surroundings, progress, self.jobs).run(self.platform)


def _places(reference: str | None, from_file: str | None, options: RemoteOptions) -> tuple[Place, ...]:
    if reference and from_file:
        raise UsageError("give either a reference or --from-file, not both")
    if from_file == STANDARD_INPUT and options.password_stdin:
        raise UsageError("the list and the password can't both come from standard input; save the list in a file")
    if from_file:
        return tuple(each.place for each in read_reference_list(from_file, options))
    if not reference:
        raise UsageError("no image given; give a reference as in registry.example/team/app:1.4, or --from-file LIST")
    return (options.place(reference),)


def _tell_pulled(place: Place, pulled: Pulled) -> None:
    tell(str(place))
    tell(f"  manifest {pulled.manifest.digest}")
    tell(f"  {pulled.blobs} blobs, {pulled.size:,} bytes")
    tell(f"Saved in {pulled.folder}")


def _summed_up(failures: list[tuple[Place, BlobfixError]], total: int) -> BlobfixError:
    names = "\n".join(f"  {place}" for place, _ in failures)
    advice = "run the command again to go on; what is here already isn't downloaded again"
    return NetworkError(f"{len(failures)} of {total} images could not be downloaded; {advice}:\n{names}")
