"""``blobfix load``."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from importer.cli.console import tell
from importer.cli.requests import After, WriteOptions, with_write_options
from importer.cli.results import tell_next
from importer.cli.working import at_work
from importer.cli.writing import conclude
from importer.conversion import convert
from importer.errors import ExitCode
from importer.writers.container_engine import ENGINES
from importer.writers.destinations.engine import RunningEngine, chosen_engine

_SECONDS_IN_VAIN: Final = 60
"""As for a docker tar: plain layers will do."""

EXAMPLES: Final = """\b
Examples:
  blobfix load ./downloads
  blobfix load ./downloads -n team/app:1.4 --into podman
"""


@with_write_options("sparse", "no_sync")
def load(
    options: WriteOptions,
    *,
    into: Annotated[
        str | None,
        After("select"),
        typer.Option("--into", metavar="ENGINE", help=f"{', '.join(ENGINES)}; the first that runs, unless given."),
    ] = None,
) -> ExitCode:
    """Load the images into docker, podman or containerd, with no file in between.

    The engine is asked afterwards which images it has, and its answer is compared with the original image id.
    Images that can't be loaded are named (exit code 4).
    """
    question = options.question(for_docker=True, patience=_SECONDS_IN_VAIN)
    choice = options.choice()
    place = RunningEngine(chosen_engine(into), options.replace_tags)
    with at_work(options.jobs, shows_progress=options.shows_progress) as executor:
        written = convert(question, choice, place, executor)
    code = conclude(written, quiet=options.quiet, verb="loaded")
    if written.result and not options.quiet:
        tell(f"Loaded into {place.engine.program}, which has the same image ids")
        tell_next(written.result.next_step, written.result.commands, tell)
    return code
