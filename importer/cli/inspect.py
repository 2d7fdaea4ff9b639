"""``blobfix inspect``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from importer.cli.options import PlatformOption, Select, platform_of
from importer.cli.remote import DEFAULT_TIMEOUT, PasswordStdin, PlainHttp, RemoteOptions, Timeout, Username
from importer.cli.working import at_work
from importer.domain.manifest import ImageManifest
from importer.domain.platform import Host, Platform
from importer.errors import CannotWriteError, UsageError
from importer.investigation import Question, survey
from importer.places.named import is_an_address, place_of
from importer.plan.images import ImageIndex, ImagePlan
from importer.plan.titles import title_of
from importer.recovery.examination import Depth
from importer.recovery.recompress.recompressing import NO_EFFORT
from importer.report.image_text import ShownImage, describe
from importer.transport.pull import chosen_manifest
from importer.transport.remote_image import RemoteImage
from importer.transport.small_blob import read_small_blob
from importer.transport.sources import open_image
from importer.writers.refusals import Refusal
from importer.writers.selection import child_for, select_images
from importer.writers.verifying_reader import VerifyingReader

EXAMPLES: Final = """\b
Examples:
  blobfix inspect registry.example/team/app:1.4
  blobfix inspect ./downloads
  blobfix inspect --raw registry.example/team/app:1.4 | jq .
"""


def inspect(
    what: Annotated[str, typer.Argument(metavar="REFERENCE|URL|PATH", help="An image on a server, or a folder.")],
    raw: Annotated[bool, typer.Option("--raw", help="Print the manifest's exact bytes.")] = False,
    config: Annotated[bool, typer.Option("--config", help="Print the config's exact bytes.")] = False,
    select: Select = None,
    platform: PlatformOption = None,
    username: Username = None,
    password_stdin: PasswordStdin = False,
    plain_http: PlainHttp = False,
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> None:
    """Show an image's manifest, config and layers, with their sizes.

    An existing PATH is read; anything else is looked up on a server.
    """
    wanted = platform_of(platform)
    if is_an_address(what) or Path(what).exists():
        shown = _local(what, select, wanted)
    else:
        options = RemoteOptions(username, password_stdin, plain_http, timeout, quiet=False)
        place = options.place(what)
        shown = _remote(open_image(place, options.surroundings(), options.login()), str(place), wanted)
    if raw or config:
        _write(shown.content if raw else shown.config, shown.name)
        return
    for line in describe(shown):
        typer.echo(line)


def _remote(image: RemoteImage, name: str, platform: Platform | None) -> ShownImage:
    manifest = chosen_manifest(image, platform)
    content = None
    if isinstance(manifest.parsed, ImageManifest):
        content = read_small_blob(image.blob(manifest.digest, manifest.parsed.config))
    return ShownImage(name, manifest.digest, manifest.content, manifest.parsed, content)


def _local(named: str, select: str | None, platform: Platform | None) -> ShownImage:
    question = Question(places=(place_of(named),), depth=Depth(for_docker=False), effort=NO_EFFORT)
    with at_work(shows_progress=False) as executor:
        plan = survey(question, executor).plan
    image = select_images(plan, select)[0]
    if platform and isinstance(image, ImageIndex):
        child = child_for(image, platform, Host.of_this_machine())
        if isinstance(child, Refusal) and child.is_usage:
            raise UsageError(child.reason)
        image = image if isinstance(child, Refusal) else child
    return _shown(image, VerifyingReader(executor.tools.opener))


def _shown(image: ImagePlan, reader: VerifyingReader) -> ShownImage:
    if not image.parsed or not image.manifest.exact:
        raise CannotWriteError(f"{title_of(image)}: its manifest can't be read; `blobfix scan` says why")
    config = image.config_blob
    content = reader.content(config.exact) if config and config.exact else None
    digest = image.manifest.exact.digest
    return ShownImage(title_of(image), digest, reader.content(image.manifest.exact), image.parsed, content)


def _write(content: bytes | None, name: str) -> None:
    if content is None:
        raise CannotWriteError(f"{name} has no config here")
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
