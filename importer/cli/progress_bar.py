"""A progress bar on the standard error stream."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import Progress, ProgressColumn, Task, TaskID
from rich.table import Column
from rich.text import Text

from importer.cli.progress_line import Stretch, bytes_per_second, duration, line_of
from importer.words.text import Size

_UPDATE_EVERY: Final = 4 << 20

_WORTH_A_LINE: Final = 1.0
"""Seconds; nobody asks how long less took."""


class _Line(ProgressColumn):
    """The whole line; the console's width is asked each time, so that it follows a window."""

    def __init__(self, console: Console) -> None:
        super().__init__(table_column=Column(no_wrap=True))
        self._console = console

    def render(self, task: Task) -> Text:
        stretch = Stretch(
            task.description,
            int(task.completed),
            None if task.total is None else int(task.total),
            task.speed,
            task.time_remaining,
        )
        words, done, rest = line_of(stretch, self._console.width, has_unicode=_has_unicode(self._console))
        if not done + rest:
            return Text(words)
        return Text.assemble(f"{words} ", (done, "bar.complete"), (rest, "bar.back"))


class ProgressBar:
    """What is done, bytes, rate and time left, in one line however narrow the terminal is; at the end, what it took.

    Args:
        console: where to; None is the standard error stream.
        clock: gives seconds.
    """

    def __init__(self, console: Console | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console or Console(stderr=True)
        self._clock = clock
        self._bar = Progress(
            _Line(self._console),
            console=self._console,
            transient=True,
            expand=True,
            get_time=clock,
        )
        self._lock = threading.Lock()
        self._pending = 0
        self._task: TaskID | None = None
        self._began = 0.0
        self._size = 0
        self._activity = ""
        self._took: dict[str, tuple[int, float]] = {}

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._bar.stop()
        if kind is None:
            self._tell_what_it_took()

    def start(self, activity: str, total: int) -> None:
        """Begin a new stretch of work."""
        self.stop()
        self._activity, self._began = activity, self._clock()
        self._task = self._bar.add_task(activity, total=total or None)

    def advance(self, size: int) -> None:
        """Count bytes; the bar moves every few MiB, so that drawing costs nothing."""
        with self._lock:
            self._pending += size
            if self._pending < _UPDATE_EVERY or self._task is None:
                return
            pending, self._pending = self._pending, 0
            self._size += pending
        self._bar.advance(self._task, pending)

    def stop(self) -> None:
        """End the stretch."""
        if self._task is None:
            return
        self._bar.remove_task(self._task)
        with self._lock:
            size, self._size = self._size + self._pending, 0
            self._task, self._pending = None, 0
        # "Recompressing sha256:1a91fa2446d1, try 1": many tries are one activity.
        name = self._activity.partition(" sha256:")[0]
        before, seconds = self._took.get(name, (0, 0.0))
        self._took[name] = (before + size, seconds + self._clock() - self._began)

    def _tell_what_it_took(self) -> None:
        separator = " · " if _has_unicode(self._console) else " - "
        lines = [_told(*each) for each in self._took.items() if each[1][1] >= _WORTH_A_LINE]
        if lines:
            self._console.print(separator.join(lines), markup=False, highlight=False, soft_wrap=True)


def _told(activity: str, took: tuple[int, float]) -> str:
    size, seconds = took
    if not size:
        return f"{activity}: {duration(seconds)}"
    return f"{activity}: {Size(size).short} in {duration(seconds)}, {bytes_per_second(size / seconds)}"


def _has_unicode(console: Console) -> bool:
    return "utf" in (console.encoding or "").lower()
