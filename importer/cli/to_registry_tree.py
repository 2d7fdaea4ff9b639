"""``blobfix to-registry-tree``."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from importer.cli.requests import WriteOptions, with_write_options
from importer.cli.writing import write_to
from importer.errors import ExitCode
from importer.places.changes import WritableStore
from importer.places.named import place_of
from importer.writers.destinations.registry_tree import RegistryTree

EXAMPLES: Final = """\b
Examples:
  blobfix to-registry-tree ./downloads -o ./registry --name team/app:1.4
  docker run -d -p 5000:5000 -v "$PWD/registry:/var/lib/registry" registry:2
"""


@with_write_options("deep")
def to_registry_tree(
    options: WriteOptions,
    *,
    output: Annotated[
        WritableStore,
        typer.Option(
            "-o",
            "--output",
            metavar="ROOT",
            help="The folder to mount at /var/lib/registry, or a bucket (s3://…).",
            parser=place_of,
        ),
    ],
) -> ExitCode:
    """Write a storage tree for registry:2, with the original manifest digest.

    If there are several images, all that can be written are written and the others are named (exit code 4). An
    existing tree is added to. The tag becomes visible last; an existing tag of another image is replaced only
    with --replace-tags.
    """
    place = RegistryTree(output, replace_tags=options.replace_tags, sync=not options.no_sync)
    return write_to(place, options.question(), options.choice(), options)
