"""``blobfix to-docker-tar``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from importer.cli.console import progress_shown, say, tell
from importer.cli.options import (
    AllowNewDigest,
    Borrow,
    ConvertSchema1,
    Deep,
    Digests,
    Jobs,
    Name,
    Names,
    NameTemplateText,
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
from importer.cli.writing import Written, conclude, write_images
from importer.errors import BombError, ContentMismatchError, UsageError
from importer.investigation import Question
from importer.places.durability import Durability
from importer.places.opener import Opener
from importer.plan.fidelity import Output
from importer.plan.images import Plan
from importer.plan.titles import title_of
from importer.progress import Progress
from importer.words.printable import for_shell
from importer.writers.docker_tar import docker_tar_members
from importer.writers.named_image import NamedImage
from importer.writers.output_places import check_file_place
from importer.writers.refusals import Refusal
from importer.writers.selection import Choice, Selection, choose
from importer.writers.tar_file import TarFile, stream_members
from importer.writers.verifying_reader import VerifyingReader

_Pick = Callable[[Plan], Selection]

_SECONDS_IN_VAIN: Final = 60
"""Docker is content with plain layers; only containerd's store keeps the manifest that wants the original bytes."""

EXAMPLES: Final = """\b
Examples:
  blobfix to-docker-tar ./downloads -o image.tar
  blobfix to-docker-tar ./downloads -n team/app:1.4 -o - | docker load
"""


def to_docker_tar(
    paths: Paths = None,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE|-", help="The file to write; - is the standard output.")
    ] = ...,  # type: ignore[assignment]
    name: Name = None,
    names: Names = None,
    name_template: NameTemplateText = None,
    select: Select = None,
    platform: PlatformOption = None,
    digest: Digests = None,
    borrow: Borrow = None,
    allow_new_digest: AllowNewDigest = False,
    salvage: Salvage = False,
    convert_schema1: ConvertSchema1 = False,
    deep: Deep = False,
    no_recompress: NoRecompress = False,
    recompress_limit: RecompressLimit = None,
    quiet: Silent = False,
    jobs: Jobs = None,
    no_progress: NoProgress = False,
    no_sync: NoSync = False,
) -> int:
    """Write a tarball for docker load, with the original image id.

    containerd, podman and skopeo take it as well. Of several images each that can be written is; the others are
    named (exit code 4). The file appears when it is whole.
    """
    options = WriteOptions(
        paths=paths,
        name=name,
        names=names,
        name_template=name_template,
        select=select,
        platform=platform,
        digest=digest,
        borrow=borrow,
        allow_new_digest=allow_new_digest,
        salvage=salvage,
        convert_schema1=convert_schema1,
        no_recompress=no_recompress,
        for_docker=True,
        deep=deep,
        recompress_limit=_SECONDS_IN_VAIN if recompress_limit is None else recompress_limit,
        jobs=jobs,
    )
    question = options.question()
    opener = Opener()
    reader = VerifyingReader(opener)
    choice = options.choice()
    options.demand_other_output(Path(output))
    with progress_shown(wanted=not (quiet or no_progress)) as progress:
        write = _to_pipe if output == "-" else partial(_to_file, Path(output), Durability(is_wanted=not no_sync))
        written = write(question, partial(_pick, choice=choice, reader=reader, progress=progress), progress, opener)
    code = conclude(written, quiet=quiet, tell=say if output == "-" else tell)
    if not quiet and output != "-":
        tell(f"Written to {output}. To load it:")
        tell(f"  docker load -i {for_shell(output)}")
    return code


def _pick(plan: Plan, choice: Choice, reader: VerifyingReader, progress: Progress) -> Selection:
    """The images that docker loads: of several, one whose layers aren't what its config says is left out."""
    selection = choose(plan, choice, Output.DOCKER_TAR, reader)
    if len(selection.images) < 2:
        return selection
    late = tuple(refusal for image in selection.images if (refusal := _refusal_of(image, reader, progress)))
    unloadable = [refusal.image for refusal in late]
    images = tuple(image for image in selection.images if image.plan not in unloadable)
    return replace(selection, images=images, refused=(*selection.refused, *late))


def _refusal_of(image: NamedImage, reader: VerifyingReader, progress: Progress) -> Refusal | None:
    try:
        docker_tar_members([image], reader, progress.advance)
    except (ContentMismatchError, BombError) as error:
        name = ", ".join(map(str, image.names)) or title_of(image.plan)
        return Refusal(image.plan, f"{name}: {error}")
    return None


def _to_file(
    target: Path, durability: Durability, question: Question, pick: _Pick, progress: Progress, opener: Opener
) -> Written[None]:
    check_file_place(target, (*question.paths, *question.borrowed))
    reader = VerifyingReader(opener)
    with TarFile(target, reader, progress, durability) as tar:

        def write(images: Sequence[NamedImage]) -> None:
            tar.write(docker_tar_members(images, reader, progress.advance))

        return write_images(question, pick, write, progress, opener, tar.capture())


def _to_pipe(question: Question, pick: _Pick, progress: Progress, opener: Opener) -> Written[None]:
    if sys.stdout.isatty():
        raise UsageError("a tar can't be shown on a terminal; pipe it into `docker load`, or give a file with -o")
    return write_images(
        question, pick, partial(_stream, reader=VerifyingReader(opener), progress=progress), progress, opener
    )


def _stream(images: Sequence[NamedImage], reader: VerifyingReader, progress: Progress) -> None:
    members = docker_tar_members(images, reader, progress.advance)
    progress.start("Writing", sum(member.size for member in members))
    stream_members(members, sys.stdout.buffer.write, reader, progress.advance)
    sys.stdout.buffer.flush()
    progress.stop()
