"""``blobfix repair-tree``."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from importer.cli.console import page_for_stdout, say, write_document
from importer.cli.options import (
    EngineText,
    Jobs,
    MaxAge,
    NoProgress,
    NoRecompress,
    NoSync,
    Quiet,
    RecompressLimit,
    ShardText,
    States,
    effort_of,
    share_of,
    subset_of,
)
from importer.cli.working import at_work, remembering, tell_share
from importer.errors import UsageError
from importer.places.changes import WritableStore
from importer.places.durability import Durability
from importer.places.named import place_of
from importer.report.formats import TreeFormat
from importer.report.page import Paper
from importer.report.tree_report import TreeReport
from importer.storage_tree.contents import Remembered
from importer.tree_checkup import TreeQuestion, check_tree, mended, read_share
from importer.work.executor import Executor

EXAMPLES: Final = """\b
Examples:
  blobfix repair-tree /srv/registry
  blobfix repair-tree /srv/registry --state ~/registry.state --max-age 90
  blobfix repair-tree /srv/registry --read-subset 12/30
  blobfix repair-tree /srv/registry --checksums report.csv
  blobfix repair-tree /srv/registry --apply
  blobfix repair-tree /srv/registry --apply --blobs ./downloads --blobs /backup/registry
  blobfix repair-tree /srv/registry --quick --space
  blobfix repair-tree /srv/registry --format html > report.html
  blobfix repair-tree s3://registry --apply --blobs s3://backup/registry
"""


def repair_tree(
    root: Annotated[
        WritableStore,
        typer.Argument(
            metavar="ROOT",
            help="The folder that is mounted at /var/lib/registry, or the bucket (s3://…).",
            parser=place_of,
        ),
    ],
    apply: Annotated[
        bool, typer.Option("--apply", help="Repair what can be proven; without this option nothing is changed.")
    ] = False,
    blobs: Annotated[
        list[WritableStore] | None,
        typer.Option(
            "--blobs",
            "--borrow",
            metavar="PATH",
            help="A place to look for missing blobs. Can be given more than once.",
            parser=place_of,
        ),
    ] = None,
    state: States = None,
    max_age: MaxAge = None,
    shard: ShardText = None,
    read_subset: Annotated[
        str | None,
        typer.Option(
            "--read-subset",
            metavar="N/T|P%",
            help="Hash only the N-th of T shares of the layers, or P percent of them chosen at random.",
        ),
    ] = None,
    checksums: Annotated[
        Path | None,
        typer.Option(
            "--checksums",
            metavar="FILE",
            help="Don't read layers whose checksum is right in FILE: a CSV table of path and sha256, or a report of S3 "
            "Batch Operations.",
            readable=False,
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Check links and sizes only, without hashing layers.")] = False,
    space: Annotated[
        bool, typer.Option("--space", help="Show what no tag needs, in bytes (HTML always does); nothing is deleted.")
    ] = False,
    format: Annotated[TreeFormat, typer.Option("--format", help="The report's format.")] = TreeFormat.TEXT,  # noqa: A002
    no_recompress: NoRecompress = False,
    recompress_limit: RecompressLimit = None,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Show every finding.")] = False,
    quiet: Quiet = False,
    jobs: Jobs = None,
    engine: EngineText = None,
    no_progress: NoProgress = False,
    no_sync: NoSync = False,
) -> int:
    """Check a registry's storage; with --apply, repair it.

    Exit code 0: nothing is wrong. 1: all that is wrong can be repaired from what is here. 2: this is
    another kind of store, which is left alone. 4: something is missing or can't be proven. After --apply
    the code describes the repaired tree.
    """
    effort = effort_of(no_recompress=no_recompress, limit=recompress_limit)
    share = share_of(shard, state, wants_text=format is TreeFormat.TEXT)
    if share and apply:
        raise UsageError("--shard only reads; give --apply in a run of its own, without it")
    if checksums and (apply or share or quick or read_subset):
        raise UsageError("--checksums can't be combined with --apply, --shard, --quick or --read-subset")
    subset = subset_of(read_subset, quick=quick)
    space = space or format is TreeFormat.HTML
    question = TreeQuestion(root, tuple(blobs or ()), quick, subset, checksums, effort, space)
    inputs = (root, *question.blobs)
    with (
        at_work(jobs, shows_progress=not (quiet or no_progress), engine=engine) as executor,
        remembering(executor, state, max_age, inputs, trusts=not apply) as memory,
    ):
        if share and memory:
            read_share(question, share, memory)
            return tell_share(share, memory.account)
        report = (
            _repaired(question, memory or executor, Durability(is_wanted=not no_sync))
            if apply
            else TreeReport(check_tree(question, memory or executor))
        )
    report = replace(report, account=memory.account if memory else None)
    if report.is_refused and format is not TreeFormat.TEXT:
        say(f"blobfix: {report.verdict()}")
    if format is TreeFormat.JSON:
        typer.echo(report.as_json())
    elif format is TreeFormat.HTML:
        from importer.report.html_tree_report import print_tree_report  # noqa: PLC0415 (templates are slow to load)

        print_tree_report(report, Paper(page_for_stdout, write_document, made=datetime.now().astimezone()))
    elif quiet:
        page_for_stdout().line(report.verdict())
    else:
        report.print(page_for_stdout(), verbose=verbose)
    return report.exit_code


def _repaired(question: TreeQuestion, executor: Executor, durability: Durability) -> TreeReport:
    remembered: Remembered = {}
    found = check_tree(question, executor, remembered)
    return TreeReport(found, mended(found, executor, durability, remembered))
