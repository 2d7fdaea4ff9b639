"""``blobfix to-docker-tar``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from importer.cli.console import say
from importer.cli.options import size_of
from importer.cli.requests import WriteOptions, with_write_options
from importer.cli.working import at_work
from importer.cli.writing import conclude, write_to
from importer.conversion import convert
from importer.errors import ExitCode, UsageError
from importer.writers.destinations.docker_tar import DockerStream, DockerTar, SplitDockerTar

_SECONDS_IN_VAIN: Final = 60
"""Docker is content with plain layers; only containerd's store keeps the manifest that wants the original bytes."""

EXAMPLES: Final = """\b
Examples:
  blobfix to-docker-tar ./downloads -o image.tar
  blobfix to-docker-tar ./downloads -n team/app:1.4 -o - | docker load
  blobfix to-docker-tar ./downloads -o image.tar --split 4000M
"""


@with_write_options("sparse", "replace_tags")
def to_docker_tar(
    options: WriteOptions,
    *,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE|-", help="The file to write; - is standard output.")
    ],
    split: Annotated[
        int | None,
        typer.Option(
            "--split",
            metavar="SIZE",
            help="Write pieces of this size (FILE.001 ...) and FILE.sha256, for disks that take no large files, as in "
            "4000M, 2G, or in powers of 1,000 4GB.",
            parser=size_of,
            show_default=False,
        ),
    ] = None,
) -> ExitCode:
    """Write a tarball for docker load, with the original image id.

    containerd, podman and skopeo read it too. If there are several images, all that can be written are written
    and the others are named (exit code 4). The file appears only once it is complete.
    """
    if split and output == "-":
        raise UsageError("--split writes several files; give the name that they get with -o FILE")
    question = options.question(for_docker=True, patience=_SECONDS_IN_VAIN)
    choice = options.choice()
    options.demand_other_output(Path(output))
    if output != "-":
        sync = not options.no_sync
        place = SplitDockerTar(output, split, sync=sync) if split else DockerTar(output, sync=sync)
        return write_to(place, question, choice, options)
    with at_work(options.jobs, shows_progress=options.shows_progress) as executor:
        written = convert(question, choice, DockerStream(sys.stdout.buffer), executor)
    return conclude(written, quiet=options.quiet, tell=say)
