"""How much memory a scan takes for each file: a million of them must fit."""

from __future__ import annotations

import tracemalloc
from io import StringIO
from pathlib import Path

from importer.investigation import Question, investigate
from importer.places.folder_store import FolderStore
from importer.report.formats import Format, print_report
from importer.report.page import Paper, PlainPage
from tests.report.scans import MADE
from tests.work.threads import threads


def test_a_small_file_takes_little_more_than_its_facts(tmp_path: Path) -> None:
    few, many = (_folder(tmp_path / str(count), count) for count in (500, 1500))
    _peak(few)
    per_file = (_peak(many) - _peak(few)) / 1000
    assert per_file < 1.2 * 1024


def _folder(place: Path, count: int) -> Path:
    for number in range(count):
        path = place / f"folder{number % (count // 250)}" / f"file{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{number} of {count}")
    return place


def _peak(place: Path) -> int:
    tracemalloc.start()
    try:
        investigation = investigate(Question((FolderStore(place),)), threads())
        nowhere = PlainPage(StringIO())
        print_report(investigation, Format.TEXT, Paper(lambda: nowhere, len, MADE))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
