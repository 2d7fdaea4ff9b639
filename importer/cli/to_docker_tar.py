"""``blobfix to-docker-tar``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from importer.cli.console import say
from importer.cli.requests import WriteOptions, with_write_options
from importer.cli.working import at_work
from importer.cli.writing import conclude, write_to
from importer.conversion import convert
from importer.errors import ExitCode
from importer.writers.destinations.docker_tar import DockerStream, DockerTar

_SECONDS_IN_VAIN: Final = 60
"""Docker is content with plain layers; only containerd's store keeps the manifest that wants the original bytes."""

EXAMPLES: Final = """\b
Examples:
  blobfix to-docker-tar ./downloads -o image.tar
  blobfix to-docker-tar ./downloads -n team/app:1.4 -o - | docker load
"""


@with_write_options("sparse", "replace_tags")
def to_docker_tar(
    options: WriteOptions,
    *,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE|-", help="The file to write; - is standard output.")
    ],
) -> ExitCode:
    """Write a tarball for docker load, with the original image id.

    containerd, podman and skopeo read it too. If there are several images, all that can be written are written
    and the others are named (exit code 4). The file appears only once it is complete.
    """
    question = options.question(for_docker=True, patience=_SECONDS_IN_VAIN)
    choice = options.choice()
    options.demand_other_output(Path(output))
    if output != "-":
        return write_to(DockerTar(output, sync=not options.no_sync), question, choice, options)
    with at_work(options.jobs, shows_progress=options.shows_progress) as executor:
        written = convert(question, choice, DockerStream(sys.stdout.buffer), executor)
    return conclude(written, quiet=options.quiet, tell=say)
