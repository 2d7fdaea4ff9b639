"""``blobfix to-registry-tree``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from importer.cli.console import progress_shown, tell
from importer.cli.options import (
    AllowNewDigest,
    Borrow,
    ConvertSchema1,
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
from importer.cli.results import pull_command
from importer.cli.writing import Tags, conclude, write_images
from importer.places.durability import Durability
from importer.places.opener import Opener
from importer.plan.fidelity import Output
from importer.words.printable import for_shell
from importer.writers.named_image import NamedImage
from importer.writers.output_places import check_tree_place
from importer.writers.registry_tree import RegistryTree
from importer.writers.selection import choose
from importer.writers.verifying_reader import VerifyingReader

EXAMPLES: Final = """\b
Examples:
  blobfix to-registry-tree ./downloads -o ./registry --name team/app:1.4
  docker run -d -p 5000:5000 -v "$PWD/registry:/var/lib/registry" registry:2
"""


def to_registry_tree(
    paths: Paths = None,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="ROOT", help="The folder to be mounted at /var/lib/registry.", readable=False
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
    salvage: Salvage = False,
    convert_schema1: ConvertSchema1 = False,
    sparse: Sparse = False,
    replace_tags: ReplaceTags = False,
    no_recompress: NoRecompress = False,
    recompress_limit: RecompressLimit = None,
    quiet: Silent = False,
    jobs: Jobs = None,
    no_progress: NoProgress = False,
    no_sync: NoSync = False,
) -> int:
    """Write a storage tree that registry:2 serves, with the original manifest digest.

    Of several images each that can be written is; the others are named (exit code 4). An existing tree is added to.
    The tag becomes visible last; one that names another image is replaced only with --replace-tags.
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
        sparse=sparse,
        no_recompress=no_recompress,
        recompress_limit=recompress_limit,
        jobs=jobs,
    )
    question, durability = options.question(), Durability(is_wanted=not no_sync)
    opener = Opener()
    reader = VerifyingReader(opener)
    pick = partial(choose, choice=options.choice(), output=Output.REGISTRY_TREE, reader=reader)
    check_tree_place(output, (*question.paths, *question.borrowed))
    with (
        progress_shown(wanted=not (quiet or no_progress)) as progress,
        RegistryTree(output, reader, progress, durability) as tree,
    ):
        write = partial(tree.write, replace_tags=replace_tags)
        tags = Tags(tree.moved_tags, may_move=replace_tags)
        written = write_images(question, pick, write, progress, opener, tree.capture(), tags)
    code = conclude(written, quiet=quiet)
    if not quiet:
        _tell_next_step(output, written.images[0])
    return code


def _tell_next_step(root: Path, image: NamedImage) -> None:
    mount = _mount_of(str(root.resolve()))
    tell(f"Written to {root}. To pull it from there:")
    tell(f"  docker run -d -p 5000:5000 {mount} registry:2")
    tell(f"  {pull_command(image, 'localhost:5000')}")


def _mount_of(root: str) -> str:
    """The option that gives the registry its storage; -v takes no colon in a path."""
    if ":" in root:
        return f"--mount {for_shell(f'type=bind,source={root},target=/var/lib/registry')}"
    return f"-v {for_shell(f'{root}:/var/lib/registry')}"
