"""``blobfix to-build-context``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from importer.cli.console import progress_shown, say, tell
from importer.cli.options import (
    AllowNewDigest,
    Borrow,
    Digests,
    Jobs,
    Name,
    NoProgress,
    NoRecompress,
    NoSync,
    Paths,
    PlatformOption,
    RecompressLimit,
    Salvage,
    Select,
    Silent,
)
from importer.cli.requests import WriteOptions
from importer.cli.results import Tell
from importer.cli.writing import conclude, write_images
from importer.domain.platform import Host
from importer.errors import UsageError
from importer.places.durability import Durability
from importer.places.opener import Opener
from importer.plan.fidelity import Output
from importer.plan.titles import title_of
from importer.progress import Progress
from importer.words.printable import for_shell
from importer.words.text import listed
from importer.writers.build_context import BuildContext, WrittenContext
from importer.writers.context_folder import context_folder
from importer.writers.dockerfile_words import NEWLINE_ARGUMENT
from importer.writers.named_image import NamedImage
from importer.writers.output_places import check_context_place
from importer.writers.selection import choose
from importer.writers.verifying_reader import VerifyingReader

EXAMPLES: Final = """\b
Examples:
  blobfix to-build-context ./downloads -o ./context
  blobfix to-build-context ./downloads -n team/app:1.4 -o ./context --squash
"""


def to_build_context(
    paths: Paths = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="The new folder for docker build.", readable=False)
    ] = ...,  # type: ignore[assignment]
    name: Name = None,
    select: Select = None,
    platform: PlatformOption = None,
    digest: Digests = None,
    borrow: Borrow = None,
    allow_new_digest: AllowNewDigest = False,
    salvage: Salvage = False,
    squash: Annotated[
        bool, typer.Option("--squash", help="One root file system instead of layers; files that were deleted stay so.")
    ] = False,
    no_recompress: NoRecompress = False,
    recompress_limit: RecompressLimit = None,
    quiet: Silent = False,
    jobs: Jobs = None,
    no_progress: NoProgress = False,
    no_sync: NoSync = False,
) -> int:
    """Write a Dockerfile and the layers in order, for docker build.

    The image that is built has the same files and settings, and another image id. Files that a later
    layer deletes come back, as ADD can't delete; --squash leaves them out.
    """
    options = WriteOptions(
        paths=paths,
        name=name,
        select=select,
        platform=platform,
        digest=digest,
        borrow=borrow,
        allow_new_digest=allow_new_digest,
        salvage=salvage,
        no_recompress=no_recompress,
        recompress_limit=recompress_limit,
        only_unproven=True,
        jobs=jobs,
    )
    question = options.question()
    opener = Opener()
    reader = VerifyingReader(opener)
    pick = partial(choose, choice=options.choice(), output=Output.DOCKER_TAR, reader=reader)
    check_context_place(output, (*question.paths, *question.borrowed))
    with progress_shown(wanted=not (quiet or no_progress)) as progress:
        write = partial(
            _write,
            output=output,
            squash=squash,
            reader=reader,
            progress=progress,
            durability=Durability(is_wanted=not no_sync),
        )
        written = write_images(question, pick, write, progress, opener)
    code = conclude(written, quiet=quiet, tell_images=_tell_written)
    if written.result:
        _warn(written.result)
    if written.result and not quiet:
        _tell_next_step(output, written.images[0], written.result)
    return code


def _write(
    images: Sequence[NamedImage],
    *,
    output: Path,
    squash: bool,
    reader: VerifyingReader,
    progress: Progress,
    durability: Durability,
) -> WrittenContext:
    if len(images) > 1:
        titles = listed(title_of(image.plan) for image in images)
        raise UsageError(
            f"a build context makes one image, and there are {len(images)}: {titles}; choose one with --select"
        )
    with context_folder(output, durability) as folder:
        return BuildContext(folder, reader, progress).write(images[0].plan, squash=squash)


def _tell_written(images: Iterable[NamedImage], tell: Tell) -> None:
    for image in images:
        tell(", ".join(map(str, image.names)) or f"{title_of(image.plan)} (without a name)")
        was = (image.original or image.plan).image_id
        edited = f" (new; the original's was {was})" if was != image.plan.image_id else ""
        tell(f"  made of the image with the id {image.plan.image_id}{edited}; docker build gives it another")


def _warn(written: WrittenContext) -> None:
    for layer in written.with_whiteouts:
        paths = listed(path.decode("utf-8", "backslashreplace") for path in layer.examples)
        more = f" and {layer.whiteouts - len(layer.examples)} more" if layer.whiteouts > len(layer.examples) else ""
        say(f"warning: {layer.name} deletes files of lower layers, which ADD can't: {paths}{more}")
    if written.with_whiteouts:
        say("warning: the deleted files will be in the image; --squash leaves them out")
    for what in written.dockerfile.unsaid:
        say(f"warning: the Dockerfile leaves out {what}")


def _tell_next_step(output: Path, image: NamedImage, written: WrittenContext) -> None:
    config = image.plan.config
    here = Host.of_this_machine().platform
    command = ["docker build"]
    if config and not config.platform.matches(here):
        command.append(f"--platform {for_shell(str(config.platform))}")
    if written.dockerfile.needs_newline:
        command.append(f"--build-arg {NEWLINE_ARGUMENT}=$'\\n'")
    command += [f"-t {name}" for name in image.names]
    tell(f"Written to {output}. To build it:")
    tell(f"  {' '.join(command)} {for_shell(str(output))}")
