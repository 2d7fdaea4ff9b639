"""``blobfix to-oci-layout``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from importer.cli.console import progress_shown
from importer.cli.options import (
    AllowNewDigest,
    Borrow,
    Digests,
    Jobs,
    Name,
    NoProgress,
    NoRecompress,
    Paths,
    PlatformOption,
    RecompressLimit,
    Salvage,
    Select,
    Silent,
    Sparse,
)
from importer.cli.requests import WriteOptions
from importer.cli.results import tell_written
from importer.errors import UsageError
from importer.investigation import Question, survey
from importer.progress import Progress
from importer.recovery.oci_types import with_oci_types
from importer.recovery.plan import Output, Plan
from importer.report.printable import for_shell, for_terminal
from importer.writers.named_image import NamedImage
from importer.writers.oci_folder import OciFolder
from importer.writers.oci_layout import layout_members
from importer.writers.output_places import check_file_place, check_layout_place
from importer.writers.selection import Choice, choose
from importer.writers.tar_file import TarFile

EXAMPLES: Final = """\b
Examples:
  blobfix to-oci-layout ./downloads -o ./layout
  blobfix to-oci-layout ./downloads -n team/app:1.4 -o image.tar --oci-media-types
"""


def to_oci_layout(
    paths: Paths = None,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="DIR|FILE.tar", help="The folder to write, or an archive of it.", readable=False
        ),
    ] = ...,  # type: ignore[assignment]
    name: Name = None,
    select: Select = None,
    platform: PlatformOption = None,
    digest: Digests = None,
    borrow: Borrow = None,
    allow_new_digest: AllowNewDigest = False,
    oci_media_types: Annotated[
        bool,
        typer.Option(
            "--oci-media-types", help="Rewrite docker's media types for umoci and old skopeos: a new manifest digest."
        ),
    ] = False,
    salvage: Salvage = False,
    sparse: Sparse = False,
    no_recompress: NoRecompress = False,
    recompress_limit: RecompressLimit = None,
    quiet: Silent = False,
    jobs: Jobs = None,
    no_progress: NoProgress = False,
) -> None:
    """Write an OCI image layout for skopeo, podman and others, with the original manifest digest.

    An existing layout is added to. Helm charts and other artifacts are written as well.
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
        sparse=sparse,
        no_recompress=no_recompress,
        recompress_limit=recompress_limit,
        jobs=jobs,
    )
    question = options.question()
    pick = partial(_pick, choice=options.choice(), oci_media_types=oci_media_types)
    write = _to_file if _is_archive(output) else _to_folder
    with progress_shown(wanted=not (quiet or no_progress)) as progress:
        images, entries = write(output, question, pick, progress)
    if not quiet:
        tell_written(images, typer.echo)
        _tell_next_step(output, images[0], entries)


_Pick = partial[Sequence[NamedImage]]
_Written = tuple[Sequence[NamedImage], int]
"""The images, and how many entries the layout's index has."""


def _is_archive(output: Path) -> bool:
    return output.suffix == ".tar" and not output.is_dir()


def _to_folder(target: Path, question: Question, pick: _Pick, progress: Progress) -> _Written:
    check_layout_place(target, (*question.paths, *question.borrowed))
    with OciFolder(target, progress) as folder:
        images = pick(survey(question, progress, folder.capture()).plan)
        entries = folder.write(images)
    return images, entries


def _to_file(target: Path, question: Question, pick: _Pick, progress: Progress) -> _Written:
    check_file_place(target, (*question.paths, *question.borrowed))
    with TarFile(target, progress) as tar:
        images = pick(survey(question, progress, tar.capture()).plan)
        tar.write(layout_members(images))
    return images, sum(len(image.names) or 1 for image in images)


def _pick(plan: Plan, choice: Choice, *, oci_media_types: bool) -> Sequence[NamedImage]:
    images = choose(plan, choice, Output.OCI_LAYOUT)
    if not oci_media_types:
        return images
    rewritten = [replace(each, plan=with_oci_types(each.plan), original=each.original or each.plan) for each in images]
    if all(new.plan is old.plan for new, old in zip(rewritten, images, strict=True)):
        raise UsageError("all media types are OCI's own already; leave --oci-media-types out, and the digest stays")
    return rewritten


def _tell_next_step(output: Path, image: NamedImage, entries: int) -> None:
    place = f"{'oci-archive' if _is_archive(output) else 'oci'}:{output}"
    name = image.names[0] if image.names else None
    # A place with one image is told without its tag, which old skopeos find only with OCI's media types.
    tag = f":{name.tag}" if name and entries > 1 else ""
    target = f"{name.repository}:{name.tag}" if name else "NAME:TAG"
    typer.echo(f"Written to {for_terminal(str(output))}. To copy it into a registry:")
    typer.echo(f"  skopeo copy --all {for_shell(place + tag)} docker://REGISTRY/{target}")
