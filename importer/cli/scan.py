"""``blobfix scan``."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Annotated, Final

import typer

from importer.cli.console import page_for_stdout, say, write_document
from importer.cli.options import (
    Borrow,
    Deep,
    Digests,
    EngineText,
    Jobs,
    MaxAge,
    Name,
    NoProgress,
    NoRecompress,
    Paths,
    PlatformOption,
    Quiet,
    RecompressLimit,
    Select,
    ShardText,
    States,
    digests_of,
    effort_of,
    origin_of,
    places_or_here,
    platform_of,
    reference_of,
    share_of,
)
from importer.cli.working import at_work, remembering, tell_share
from importer.formats.signatures import FileKind
from importer.inspection.libmagic import is_available
from importer.investigation import Question, investigate, read_share
from importer.recovery.examination import Depth
from importer.report.exit_codes import exit_code_of
from importer.report.formats import Format, print_report
from importer.report.page import Paper
from importer.report.verdict import verdict_of
from importer.writers.narrowing import narrowed
from importer.writers.selection import Choice

EXAMPLES: Final = """\b
Examples:
  blobfix scan ./downloads
  blobfix scan ./downloads --borrow ./downloads-of-1.3
  blobfix scan ./images.zip --select team/app:1.4
  blobfix scan --state ~/scan.state /srv/filestore
  blobfix scan s3://backup/artifactory/filestore
  blobfix scan --format json . > report.json
  blobfix scan --format html . > report.html
"""


def scan(
    paths: Paths = None,
    format: Annotated[Format, typer.Option("--format", help="The report's format.")] = Format.TEXT,  # noqa: A002
    deep: Deep = False,
    salvage: Annotated[
        bool,
        typer.Option("--salvage", help=("List the files that are still intact in truncated or zero-filled layers.")),
    ] = False,
    name: Name = None,
    select: Select = None,
    platform: PlatformOption = None,
    borrow: Borrow = None,
    digest: Digests = None,
    origin: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="URL",
            help=("Where the download came from; the report then gives commands to fetch the rest."),
        ),
    ] = None,
    no_recompress: NoRecompress = False,
    recompress_limit: RecompressLimit = None,
    state: States = None,
    max_age: MaxAge = None,
    shard: ShardText = None,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Also show valid parts and all remarks.")] = False,
    quiet: Quiet = False,
    jobs: Jobs = None,
    engine: EngineText = None,
    no_progress: NoProgress = False,
) -> int:
    """Examine a download: what is here, what is damaged, what can be written.

    Writes nothing. Exit code 0: every image is intact. 1: there are findings, and all images can be
    written exactly. 3: no image. 4: something is missing or can't be proven.
    """
    question = Question(
        places=places_or_here(paths),
        borrowed=tuple(borrow or ()),
        digests=digests_of(digest),
        origin=origin_of(origin),
        platform=platform_of(platform),
        select=select,
        name=reference_of(name),
        depth=Depth(every_layer=deep, entries=salvage),
        effort=effort_of(no_recompress=no_recompress, limit=recompress_limit),
    )
    share = share_of(shard, state, wants_text=format is Format.TEXT)
    choice = Choice(name=question.name, select=select, platform=question.platform)
    with at_work(jobs, shows_progress=not (quiet or no_progress), engine=engine) as executor:
        inputs = (*question.places, *question.borrowed)
        with remembering(executor, state, max_age, inputs) as memory:
            if share and memory:
                read_share(question, share, memory)
                return tell_share(share, memory.account)
            investigation = investigate(question, memory or executor, narrow=partial(narrowed, choice=choice))
        investigation = replace(investigation, account=memory.account if memory else None)
    kinds = {fact.kind for fact in investigation.case.inventory.facts}
    if FileKind.DATA in kinds and not quiet and not is_available():
        say("libmagic isn't on this machine: files of unknown kind are only called data")
    if quiet and format is Format.TEXT:
        page_for_stdout().line(verdict_of(investigation))
    else:
        paper = Paper(page_for_stdout, write_document, made=datetime.now().astimezone(), verbose=verbose)
        print_report(investigation, format, paper)
    return exit_code_of(investigation.case)
