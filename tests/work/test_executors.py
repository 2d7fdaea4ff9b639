"""Threads and processes carry out the same tasks, and give the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from importer.conversion import convert
from importer.investigation import Question, investigate, survey
from importer.places.folder_store import FolderStore
from importer.places.named import place_of
from importer.places.opener import Opener
from importer.progress import SilentProgress
from importer.recovery.examination import Depth
from importer.report.values import Report
from importer.storage_tree.contents import ContentReader
from importer.storage_tree.layout import Layout
from importer.storage_tree.reading import read_tree
from importer.storage_tree.recognition import find_tree
from importer.work.engines import Engine, executor_of
from importer.work.executor import Executor, ThreadExecutor, run
from importer.work.processes import ProcessExecutor
from importer.work.task import Task, Tools
from importer.writers.destinations.docker_tar import DockerTar
from importer.writers.selection import Choice
from tests.agreement.test_damage_corpus import FOLDERS, HOME, input_of
from tests.damage import gunzip_in_place
from tests.images.generated import small_image, write_artifactory_folder
from tests.storage_tree.operators import ROWS
from tests.storage_tree.written_tree import write_tree
from tests.work.threads import threads

QUIET = SilentProgress()


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessExecutor]:
    with ProcessExecutor(2, QUIET, Opener()) as executor:
        yield executor


@pytest.fixture(scope="module", params=[engine for engine in Engine if engine is not Engine.THREADS])
def other(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """Each executor that isn't the one of threads."""
    with executor_of(2, QUIET, engine=request.param) as executor:
        yield executor


@pytest.mark.parametrize("name", FOLDERS)
def test_each_finds_in_the_corpus_what_threads_find(name: str, tmp_path: Path, other: Executor) -> None:
    question = Question((place_of(input_of(HOME / name, tmp_path)),), depth=Depth(every_layer=True, entries=True))
    assert survey(question, other) == survey(question, threads())


def test_processes_read_trees_as_threads_do(tmp_path: Path, processes: ProcessExecutor) -> None:
    written = write_tree(tmp_path)
    for row in (row for row in ROWS if row.name in ("stray-data", "layer-truncated", "manifest-newline")):
        row.damage(written)
    layout = find_tree(FolderStore(written.root))
    assert isinstance(layout, Layout)
    tree = read_tree(layout, QUIET)
    threads = ThreadExecutor(2, QUIET, Opener())
    read = ContentReader(tree, threads, QUIET, None).read_all()
    assert ContentReader(tree, processes, QUIET, None).read_all() == read
    assert read.damaged
    assert read.whole


def test_what_each_reads_is_scanned_and_written_as_what_threads_read(tmp_path: Path, other: Executor) -> None:
    folder = write_artifactory_folder(small_image(), tmp_path / "in" / "team" / "app" / "1.4")
    gunzip_in_place(max(folder.iterdir(), key=lambda path: path.stat().st_size))
    question = Question((place_of(tmp_path / "in"),), depth=Depth(for_docker=True))
    told: list[tuple[object, ...]] = []
    for executor in (threads(), other):
        target = tmp_path / f"{len(told)}.tar"
        report = Report.of(investigate(question, executor))
        written = convert(question, Choice(), DockerTar(target), executor)
        told.append((report.findings, report.exit_code, [str(image) for image in written.images], target.read_bytes()))
    assert told[0] == told[1]
    assert told[0][0]


@dataclass(frozen=True)
class Wait:
    """Holds on until all others have begun, and tells of its bytes until it is stopped."""

    size: int
    begun: threading.Barrier

    def carry_out(self, tools: Tools) -> None:
        self.begun.wait()
        while True:
            tools.advance(1)


@dataclass(frozen=True)
class Fail:
    size: int
    begun: threading.Barrier

    def carry_out(self, _: Tools) -> None:
        self.begun.wait()
        raise KeyboardInterrupt


def test_an_interrupt_ends_all_tasks_at_their_next_block() -> None:
    begun = threading.Barrier(3)
    executor = ThreadExecutor(3, QUIET, Opener())
    tasks: list[Task[None]] = [Fail(9, begun), Wait(5, begun), Wait(1, begun)]
    with pytest.raises(KeyboardInterrupt):
        run(executor, tasks)
    with pytest.raises(CancelledError):
        executor.tools.advance(1)


@dataclass(frozen=True)
class Name:
    size: int

    def carry_out(self, _: Tools) -> int:
        return self.size


def test_the_largest_task_comes_first() -> None:
    assert run(ThreadExecutor(1, QUIET, Opener()), [Name(2), Name(9), Name(5)]) == [9, 5, 2]


@dataclass(frozen=True)
class Sized:
    """Reads nothing, and gives its number."""

    size: int
    number: int

    def carry_out(self, tools: Tools) -> int:
        return self.number


def test_small_tasks_are_handed_over_together_and_large_ones_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[object] = []
    submit = ThreadPoolExecutor.submit

    def counting(pool: ThreadPoolExecutor, *call: Any) -> Any:
        handed.append(call)
        return submit(pool, *call)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", counting)
    small = [Sized(10, number) for number in range(4000)]
    assert run(threads(), small) == list(range(4000))
    assert len(handed) < 100
    handed.clear()
    assert run(threads(), [Sized(2 << 20, number) for number in range(40)]) == list(range(40))
    assert len(handed) == 40
