"""``blobfix to-build-context``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final

import typer

from importer.cli.requests import After, WriteOptions, with_write_options
from importer.cli.results import Tell
from importer.cli.writing import write_to
from importer.errors import ExitCode
from importer.places.named import path_of
from importer.plan.titles import title_of
from importer.writers.destinations.build_context import BuildContext
from importer.writers.named_image import NamedImage

EXAMPLES: Final = """\b
Examples:
  blobfix to-build-context ./downloads -o ./context
  blobfix to-build-context ./downloads -n team/app:1.4 -o ./context --squash
"""


@with_write_options("names", "name_template", "convert_schema1", "deep", "sparse", "replace_tags")
def to_build_context(
    options: WriteOptions,
    *,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="DIR", help="The folder to create for docker build.", parser=path_of),
    ],
    squash: Annotated[
        bool,
        typer.Option("--squash", help="Write one root file system instead of layers; deleted files stay deleted."),
        After("salvage"),
    ] = False,
) -> ExitCode:
    """Write a Dockerfile and the layers in order, for docker build.

    The built image has the same files and settings but a new image id. Files that a later layer deletes
    reappear, because ADD can't delete; --squash leaves them out.
    """
    place = BuildContext(output, squash=squash, sync=not options.no_sync)
    return write_to(place, options.question(only_unproven=True), options.choice(), options, _tell_written)


def _tell_written(images: Iterable[NamedImage], tell: Tell) -> None:
    for image in images:
        tell(", ".join(map(str, image.names)) or f"{title_of(image.plan)} (without a name)")
        was = (image.original or image.plan).image_id
        edited = f" (new; the original's was {was})" if was != image.plan.image_id else ""
        tell(f"  built from the image with id {image.plan.image_id}{edited}; docker build gives it a new id")
