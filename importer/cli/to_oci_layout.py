"""``blobfix to-oci-layout``."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from importer.cli.requests import After, WriteOptions, with_write_options
from importer.cli.writing import write_to
from importer.errors import ExitCode
from importer.places.changes import WritableStore
from importer.places.named import on_disk, place_of
from importer.writers.destinations.oci_layout import OciLayout

EXAMPLES: Final = """\b
Examples:
  blobfix to-oci-layout ./downloads -o ./layout
  blobfix to-oci-layout ./downloads -n team/app:1.4 -o image.tar --oci-media-types
"""


@with_write_options("convert_schema1", "deep")
def to_oci_layout(
    options: WriteOptions,
    *,
    output: Annotated[
        WritableStore,
        typer.Option(
            "-o", "--output", metavar="DIR|FILE.tar", help="The folder to write, or an archive of it.", parser=place_of
        ),
    ],
    oci_media_types: Annotated[
        bool,
        typer.Option(
            "--oci-media-types", help="Rewrite docker's media types for umoci and old skopeos: a new manifest digest."
        ),
        After("allow_new_digest"),
    ] = False,
) -> ExitCode:
    """Write an OCI image layout for skopeo, podman and others, with the original manifest digest.

    If there are several images, all that can be written are written and the others are named (exit code 4). An
    existing layout is added to; a name that another image has there is replaced only with --replace-tags. Helm
    charts and other artifacts are written as well.
    """
    question, choice = options.question(), options.choice()
    options.demand_other_output(on_disk(output))
    place = OciLayout(
        output, replace_tags=options.replace_tags, oci_media_types=oci_media_types, sync=not options.no_sync
    )
    return write_to(place, question, choice, options)
