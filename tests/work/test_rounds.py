"""Searches ask in rounds: what all of them need next is carried out together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from importer.investigation import Question, survey
from importer.places.named import place_of
from importer.places.opener import Opener
from importer.progress import SilentProgress
from importer.recovery.blobs.proving import TryRecipe
from importer.recovery.blobs.unwrapping import InspectUnwrapped
from importer.recovery.recompress.compressor_search import RecogniseCompressor, TryCompressors
from importer.recovery.recompress.recompressing import Effort
from importer.work.executor import Result, ThreadExecutor
from importer.work.rounds import Search, in_rounds
from importer.work.task import Task, Tools
from tests.agreement.test_damage_corpus import FOLDERS, HOME


@dataclass(frozen=True)
class Square:
    """A task of so many bytes, whose answer is known."""

    size: int

    def carry_out(self, _: Tools) -> int:
        return self.size**2


class Recording(ThreadExecutor):
    """Keeps what it was given, a list for each round."""

    def __init__(self, progress: SilentProgress | None = None) -> None:
        super().__init__(2, progress or SilentProgress(), Opener())
        self.rounds: list[list[Any]] = []

    @contextmanager
    def started(self, tasks: Iterable[Task[Result]]) -> Iterator[Iterator[Result]]:
        tasks = list(tasks)
        self.rounds.append(tasks)
        with super().started(tasks) as results:
            yield results


def squares_of(*sizes: int) -> Search[list[int]]:
    """Asks for one after the other."""
    found = []
    for size in sizes:
        found.append((yield Square(size)))
    return found


@given(st.lists(st.lists(st.integers(0, 9), max_size=5), max_size=6))
def test_each_search_gets_its_own_answers_and_no_task_is_carried_out_twice(asked: list[list[int]]) -> None:
    executor = Recording()
    found = in_rounds((squares_of(*sizes) for sizes in asked), executor, "Squaring")
    assert found == [[size**2 for size in sizes] for sizes in asked]
    carried_out = [task for tasks in executor.rounds for task in tasks]
    assert sorted(task.size for task in carried_out) == sorted({size for sizes in asked for size in sizes})


def test_a_round_has_the_next_question_of_every_search() -> None:
    executor = Recording()
    in_rounds([squares_of(1, 4), squares_of(2), squares_of(3, 5, 6)], executor, "Squaring")
    assert [{task.size for task in tasks} for tasks in executor.rounds] == [{1, 2, 3}, {4, 5}, {6}]


def test_what_is_known_already_is_not_asked_again() -> None:
    executor = Recording()
    known: dict[Task[Any], Any] = {}
    in_rounds([squares_of(1, 2)], executor, "Squaring", known)
    assert in_rounds([squares_of(2, 1, 3)], executor, "Squaring", known) == [[4, 1, 9]]
    assert [task.size for tasks in executor.rounds for task in tasks] == [1, 2, 3]


class Heard(SilentProgress):
    def __init__(self) -> None:
        self.said: list[tuple[str, int]] = []

    def start(self, activity: str, total: int) -> None:
        self.said.append((activity, total))

    def stop(self) -> None:
        self.said.append(("stop", 0))


def test_progress_is_told_of_each_round_and_of_nothing_where_nothing_is_asked() -> None:
    heard = Heard()
    in_rounds([squares_of(1, 4), squares_of(2)], Recording(heard), "Squaring")
    assert heard.said == [("Squaring", 3), ("stop", 0), ("Squaring", 4), ("stop", 0)]
    heard.said.clear()
    assert in_rounds([squares_of()], Recording(heard), "Squaring") == [[]]
    assert heard.said == []


def test_repairs_and_compressors_of_the_corpus_are_tried_as_tasks() -> None:
    seen: set[type] = set()
    for name in FOLDERS:
        executor = Recording()
        survey(Question((place_of(HOME / name / "input"),), effort=Effort()), executor)
        seen |= {type(task) for tasks in executor.rounds for task in tasks}
    assert {TryRecipe, InspectUnwrapped, TryCompressors, RecogniseCompressor} <= seen
