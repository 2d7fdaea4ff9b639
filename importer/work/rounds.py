"""Rounds: what many searches need to know next is carried out together, and each goes on with its answer."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any, TypeVar

from importer.work.executor import Executor, largest_first, run
from importer.work.task import Task

Result = TypeVar("Result")
Search = Generator[Task[Any], Any, Result]
"""Looks for something: yields a task where it must know more, is sent what that gives, and returns what it found."""


def in_rounds(
    searches: Iterable[Search[Result]], executor: Executor, activity: str, known: dict[Task[Any], Any] | None = None
) -> list[Result]:
    """Let all searches go on until none asks for anything more, and give what they found, in their order.

    A search is independent of all others; equal tasks are carried out once.

    Args:
        searches: they are begun one after the other, and most need to know nothing.
        executor: carries out the tasks, each round those of all searches together.
        activity: what its progress calls them.
        known: what tasks gave before; what they give now is added.
    """
    known = {} if known is None else known
    found: dict[int, Result] = {}
    going: Iterable[tuple[int, Search[Result], Task[Any] | None]] = (
        (place, search, None) for place, search in enumerate(searches)
    )
    while asking := list(_asking(going, known, found)):
        _carry_out({task for _, _, task in asking if task not in known}, executor, activity, known)
        going = asking
    return [found[place] for place in range(len(found))]


def _asking(
    going: Iterable[tuple[int, Search[Result], Task[Any] | None]],
    known: dict[Task[Any], Any],
    found: dict[int, Result],
) -> Iterable[tuple[int, Search[Result], Task[Any]]]:
    """The searches that ask for what isn't known yet; those that end are found."""
    for place, search, task in going:
        answer = None if task is None else known[task]
        try:
            while (asked := search.send(answer)) in known:
                answer = known[asked]
        except StopIteration as ended:
            found[place] = ended.value
        else:
            yield place, search, asked


def _carry_out(tasks: Iterable[Task[Any]], executor: Executor, activity: str, known: dict[Task[Any], Any]) -> None:
    ordered = largest_first(tasks)
    executor.progress.start(activity, sum(task.size for task in ordered))
    known.update(zip(ordered, run(executor, ordered), strict=True))
    executor.progress.stop()
