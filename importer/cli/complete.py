"""``blobfix complete``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import typer

from importer.cli.console import page_for_stdout, progress_shown, write_document
from importer.cli.options import (
    Digests,
    NoProgress,
    NoRecompress,
    NoSync,
    PlatformOption,
    Quiet,
    RecompressLimit,
    digests_of,
    effort_of,
    platform_of,
)
from importer.cli.remote import (
    DEFAULT_TIMEOUT,
    PasswordStdin,
    PlainHttp,
    RemoteOptions,
    Timeout,
    Transfers,
    Username,
)
from importer.cli.working import at_work
from importer.errors import UsageError
from importer.fetching import Order, fetch_into
from importer.investigation import Question, investigate
from importer.places.changes import WritableStore
from importer.places.durability import Durability
from importer.places.named import on_disk, place_of
from importer.report.exit_codes import INCOMPLETE, INTACT, exit_code_of
from importer.report.formats import Format, print_report
from importer.report.page import Paper
from importer.report.verdict import verdict_of
from importer.transport.pull import DEFAULT_JOBS
from importer.transport.sources import open_image

EXAMPLES: Final = """\b
Examples:
  blobfix complete ./downloads --from registry.example/team/app:1.4
  blobfix complete ./downloads --from https://host.example/artifactory/docker-local/team/app/1.4/
"""


def complete(
    folder: Annotated[
        WritableStore,
        typer.Argument(metavar="PATH", help="The folder that holds the download.", parser=place_of),
    ],
    source: Annotated[str, typer.Option("--from", metavar="REFERENCE|URL", help="Where to download from.")],
    platform: PlatformOption = None,
    digest: Digests = None,
    no_recompress: NoRecompress = False,
    recompress_limit: RecompressLimit = None,
    username: Username = None,
    password_stdin: PasswordStdin = False,
    plain_http: PlainHttp = False,
    timeout: Timeout = DEFAULT_TIMEOUT,
    quiet: Quiet = False,
    jobs: Transfers = DEFAULT_JOBS,
    no_progress: NoProgress = False,
    no_sync: NoSync = False,
) -> int:
    """Download only what is missing or damaged in a folder, then scan it again.

    Truncated files are resumed. A damaged file is replaced only after its replacement is proven. Exit code 4:
    something is still missing.
    """
    options = RemoteOptions(username, password_stdin, plain_http, timeout, quiet)
    place, wanted, login = options.place(source), platform_of(platform), options.login()
    path = on_disk(folder)
    if path is None or (path.exists() and not path.is_dir()):
        raise UsageError(f"{folder.shown('')}: is not a folder on this machine; downloads can only go into one")
    surroundings = options.surroundings(Durability(is_wanted=not no_sync))
    effort = effort_of(no_recompress=no_recompress, limit=recompress_limit)
    question = Question(places=(folder,), digests=digests_of(digest), effort=effort)
    order = Order(open_image(place, surroundings, login), wanted, surroundings, jobs)
    shows_progress = not (quiet or no_progress)
    with at_work(shows_progress=shows_progress) as executor:
        before = investigate(question, executor)
    with progress_shown(wanted=shows_progress) as progress:
        refusal = fetch_into(path, before, order, progress)
    with at_work(shows_progress=shows_progress) as executor:
        after = investigate(question, executor)
    if quiet:
        page_for_stdout().line(verdict_of(after))
    else:
        print_report(after, Format.TEXT, Paper(page_for_stdout, write_document, made=datetime.now().astimezone()))
    if refusal:
        raise refusal
    return INCOMPLETE if exit_code_of(after.case) == INCOMPLETE else INTACT
