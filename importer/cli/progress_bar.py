"""A progress bar on the standard error stream."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Column

_UPDATE_EVERY: Final = 4 << 20


def _in_one_line() -> Column:
    return Column(no_wrap=True)


class ProgressBar:
    """A bar with bytes and bytes per second, in one line however narrow the terminal is.

    Args:
        console: where to; None is the standard error stream.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._bar = Progress(
            TextColumn("{task.description}", markup=False, table_column=_in_one_line()),
            BarColumn(bar_width=None, table_column=Column(ratio=1)),
            DownloadColumn(table_column=_in_one_line()),
            TransferSpeedColumn(table_column=_in_one_line()),
            TimeRemainingColumn(table_column=_in_one_line()),
            console=console or Console(stderr=True),
            transient=True,
            expand=True,
        )
        self._lock = threading.Lock()
        self._pending = 0
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def start(self, activity: str, total: int) -> None:
        """Begin a new stretch of work."""
        self.stop()
        self._task = self._bar.add_task(activity, total=total or None)

    def advance(self, size: int) -> None:
        """Count bytes; the bar moves every few MiB, so that drawing costs nothing."""
        with self._lock:
            self._pending += size
            if self._pending < _UPDATE_EVERY or self._task is None:
                return
            pending, self._pending = self._pending, 0
        self._bar.advance(self._task, pending)

    def stop(self) -> None:
        """End the stretch."""
        if self._task is not None:
            self._bar.remove_task(self._task)
            self._task, self._pending = None, 0
