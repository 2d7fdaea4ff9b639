"""``blobfix to-oci-layout``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from importer.cli.console import progress_shown, tell
from importer.cli.options import (
    AllowNewDigest,
    Borrow,
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
    ReplaceTags,
    Salvage,
    Select,
    Silent,
    Sparse,
)
from importer.cli.requests import WriteOptions
from importer.cli.writing import Tags, Written, conclude, write_images
from importer.domain import media_types
from importer.investigation import Question
from importer.places.durability import Durability
from importer.places.opener import Opener
from importer.plan.fidelity import Output
from importer.plan.images import Plan
from importer.progress import Progress
from importer.words.printable import for_shell
from importer.writers.named_image import NamedImage
from importer.writers.oci_folder import OciFolder
from importer.writers.oci_layout import ReferrersList, index_of, layout_members, short_name_in
from importer.writers.output_places import check_file_place, check_layout_place
from importer.writers.referrer_tags import layout_listings_of
from importer.writers.selection import Selection, choose
from importer.writers.tar_file import TarFile
from importer.writers.verifying_reader import VerifyingReader

_OCI_TYPES: Final = frozenset({media_types.OCI_MANIFEST, media_types.OCI_INDEX})

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
    names: Names = None,
    name_template: NameTemplateText = None,
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
    replace_tags: ReplaceTags = False,
    no_recompress: NoRecompress = False,
    recompress_limit: RecompressLimit = None,
    quiet: Silent = False,
    jobs: Jobs = None,
    no_progress: NoProgress = False,
    no_sync: NoSync = False,
) -> int:
    """Write an OCI image layout for skopeo, podman and others, with the original manifest digest.

    Of several images each that can be written is; the others are named (exit code 4). An existing layout is added to;
    a name that another image has there is replaced only with --replace-tags. Helm charts and other artifacts are
    written as well.
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
        sparse=sparse,
        no_recompress=no_recompress,
        recompress_limit=recompress_limit,
        jobs=jobs,
    )
    question = options.question()
    opener = Opener()
    reader = VerifyingReader(opener)
    choice = replace(options.choice(), oci_media_types=oci_media_types)
    options.demand_other_output(output)
    pick = partial(choose, choice=choice, output=Output.OCI_LAYOUT, reader=reader)
    write = _to_file if _is_archive(output) else partial(_to_folder, replace_tags=replace_tags)
    with progress_shown(wanted=not (quiet or no_progress)) as progress:
        written = write(output, question, pick, progress, opener, Durability(is_wanted=not no_sync))
    code = conclude(written, quiet=quiet)
    if not quiet:
        _tell_next_step(output, written.images[0], written.result or {})
    return code


_Pick = Callable[[Plan], Selection]
_Written = Written[dict[str, Any]]
"""The images, and the layout's index."""


def _is_archive(output: Path) -> bool:
    return output.suffix == ".tar" and not output.is_dir()


def _to_folder(
    target: Path,
    question: Question,
    pick: _Pick,
    progress: Progress,
    opener: Opener,
    durability: Durability,
    *,
    replace_tags: bool,
) -> _Written:
    check_layout_place(target, (*question.paths, *question.borrowed))
    with OciFolder(target, VerifyingReader(opener), progress, durability) as folder:
        write = partial(folder.write, replace_tags=replace_tags)
        tags = Tags(folder.moved_tags, may_move=replace_tags)
        return write_images(question, pick, write, progress, opener, folder.capture(), tags)


def _to_file(
    target: Path, question: Question, pick: _Pick, progress: Progress, opener: Opener, durability: Durability
) -> _Written:
    reader = VerifyingReader(opener)
    check_file_place(target, (*question.paths, *question.borrowed))
    with TarFile(target, reader, progress, durability) as tar:

        def write(images: Sequence[NamedImage]) -> dict[str, Any]:
            lists = [ReferrersList(each.tag, each.merged_into(None)) for each in layout_listings_of(images, reader)]
            tar.write(layout_members(images, lists))
            return index_of(images, lists)

        return write_images(question, pick, write, progress, opener, tar.capture())


def _tell_next_step(output: Path, image: NamedImage, index: dict[str, Any]) -> None:
    path = str(output).replace(":", "_")
    place = f"{'oci-archive' if _is_archive(output) else 'oci'}:{path}"
    name = image.names[0] if image.names else None
    target = f"{name.repository}:{name.tag}" if name else "NAME:TAG"
    # A place with one image is told without its tag, which old skopeos find only with OCI's media types.
    tag = f":{short_name_in(index, name)}" if name and len(index["manifests"]) > 1 else ""
    if not name and len(index["manifests"]) > 1:
        tell(f"Written to {output}. skopeo and umoci find the image when it has a --name")
        return
    tell(f"Written to {output}. To copy it into a registry:")
    if path != str(output):
        tell(f"  (skopeo takes no colon in a path: first rename it to {path})")
    if tag and image.plan.manifest.descriptor.media_type not in _OCI_TYPES:
        tell("  (skopeo before 1.19 finds this image only in a layout that was written with --oci-media-types)")
    tell(f"  skopeo copy --all {for_shell(place + tag)} docker://REGISTRY/{target}")
