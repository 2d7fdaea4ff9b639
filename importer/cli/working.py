"""What every command does its work with."""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final

from importer.cli.console import progress_shown, say, tell
from importer.errors import ExitCode, UsageError
from importer.places.named import SCHEMES, on_disk
from importer.places.opener import Opener
from importer.places.store import Store
from importer.report.remembered import told_of
from importer.work.engines import Engine, executor_of
from importer.work.executor import Executor
from importer.work.remembering import Account, RememberingExecutor
from importer.work.share import Share

_SCHEDULER: Final = re.compile(r"dask://(?P<host>\[[0-9A-Fa-f:.]+\]|[^][\s/@?#:]+)(:(?P<port>[0-9]{1,5}))?/?", re.ASCII)
_PORT: Final = 8786
"""At which a Dask scheduler listens, unless it is told otherwise."""

_DAY: Final = 86_400 * 10**9


@contextmanager
def at_work(
    jobs: int | None = None, *, shows_progress: bool, opener: Opener | None = None, engine: str | None = None
) -> Iterator[Executor]:
    """An executor whose progress is shown where that is wanted and there is a terminal; see ``executor_of``.

    Raises UsageError for an ``--engine`` that makes no sense.
    """
    chosen, scheduler = _engine_of(engine)
    if scheduler and jobs:
        raise UsageError("--jobs: a running cluster has as many workers as it has; give it to --engine dask only")
    with (
        progress_shown(wanted=shows_progress) as progress,
        executor_of(jobs, progress, opener, chosen, scheduler) as executor,
    ):
        yield executor


@contextmanager
def remembering(
    executor: Executor,
    states: list[Path] | None,
    max_age: float | None,
    inputs: Iterable[Store],
    *,
    trusts: bool = True,
) -> Iterator[RememberingExecutor | None]:
    """An executor that remembers in state files; None without any. Raises UsageError.

    What changes or writes anything ``trusts`` nothing that is remembered; what it reads is remembered all the same.
    """
    if not states:
        if max_age is not None:
            raise UsageError("--max-age: needs --state FILE")
        yield None
        return
    from importer.work.state import State, files_of_state  # noqa: PLC0415 (loads SQLite)

    if max_age is not None and not math.isfinite(max_age):
        raise UsageError("--max-age: is not a number of days")
    for state in states:
        _demand_outside(state, files_of_state(state), inputs)
    since = 0 if max_age is None else max(0, time.time_ns() - int(max_age) * _DAY - int(max_age % 1 * _DAY))
    with ExitStack() as stack:
        opened = [stack.enter_context(closing(State(path, say))) for path in dict.fromkeys(states)]
        yield RememberingExecutor(executor, opened, since if trusts else None)


def tell_share(share: Share, account: Account) -> int:
    """Tell that a share is read; gives the exit code."""
    tell(f"Share {share.text} is read. {told_of(account)}")
    tell("When all shares are read, give all their state files in one run: --state A --state B …")
    return ExitCode.INTACT


def _engine_of(text: str | None) -> tuple[Engine, str | None]:
    if text is None:
        return Engine.THREADS, None
    if text == Engine.DASK:
        return Engine.DASK, None
    address = _SCHEDULER.fullmatch(text)
    if not address:
        raise UsageError(f"--engine {text}: give dask, or dask://HOST:PORT with the address of a Dask scheduler")
    return Engine.DASK, f"{address['host']}:{address['port'] or _PORT}"


def _demand_outside(state: Path, files: Iterable[Path], inputs: Iterable[Store]) -> None:
    # A Path has one slash where a URL has two.
    if re.match(f"({'|'.join(SCHEMES)}):/", str(state), re.IGNORECASE):
        raise UsageError(f"--state {state}: must be a file on this machine; a bucket can't hold it")
    roots = [os.path.realpath(path) for path in map(on_disk, inputs) if path]
    for file in files:
        for root in roots:
            if Path(os.path.realpath(file)).is_relative_to(root):
                raise UsageError(f"--state {state}: {file} is inside the input {root}, and inputs are never changed")
