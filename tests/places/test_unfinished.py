"""Unfinished folders of several runs at a time: a dead run's are removed, a living one's never."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from importer.places.unfinished import remove_leftovers, unfinished_folder

RUNS = 6
TIMES = 100


def test_no_run_takes_away_the_folder_of_another_that_begins(tmp_path: Path) -> None:
    def begin_and_end(_: int) -> list[list[str]]:
        seen = []
        for _ in range(TIMES):
            remove_leftovers(tmp_path)
            with unfinished_folder(tmp_path) as folder:
                seen.append([path.name for path in folder.iterdir()])
        return seen

    with ThreadPoolExecutor(RUNS) as runs:
        seen = [names for run in runs.map(begin_and_end, range(RUNS)) for names in run]
    assert seen == [["lock"]] * (RUNS * TIMES)
    assert list(tmp_path.iterdir()) == []
