"""Investigations for the tests of reports: small downloads, with each kind of damage and with hostile names."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from importer.investigation import Investigation, Question, investigate
from importer.places.named import place_of
from importer.recovery.recompress.recompressing import NO_EFFORT, Effort
from importer.report.formats import Format, print_report
from importer.report.page import Page, Paper, PlainPage
from tests.images.content import noise
from tests.images.generated import small_image, write_artifactory_folder
from tests.work.threads import threads

MADE = datetime(2024, 5, 2, 8, 11, tzinfo=UTC)
HOSTILE_NAMES = (
    "<script>alert(1)</script>",
    "\"onmouseover='alert(1)' x=\"",
    "\u202egnp.exe [link](javascript:alert(1)) {0} %41?#",
    "line\nbreak\x1b]0;owned\x07",
    "</textarea></pre><img src=x onerror=alert(1)>",
    "{{ 7*7 }}{% raw %}",
)


def scan(*paths: Path, effort: Effort = NO_EFFORT, **more: Any) -> Investigation:
    """Look at a download; unless an effort is made, an unpacked layer stays one, and there is more to tell."""
    return investigate(Question(tuple(map(place_of, paths)), effort=effort, **more), threads())


def rendered(
    investigation: Investigation, form: Format, *, verbose: bool = False, page: Callable[[], Page] | None = None
) -> str:
    """The report as a pipe gets it."""
    stream = io.StringIO()
    print_report(investigation, form, Paper(page or (lambda: Utf8Page(stream)), stream.write, MADE, verbose))
    return stream.getvalue()


class Utf8Page(PlainPage):
    """A plain page on a stream that has no encoding of its own."""

    @property
    def has_symbols(self) -> bool:
        return True


def whole_download(root: Path) -> Path:
    write_artifactory_folder(small_image(), root / "team" / "app" / "1.4")
    return root


def damaged_download(root: Path) -> Path:
    """One layer cut short, the other without its compression, and a stray page."""
    image = small_image()
    folder = write_artifactory_folder(image, root / "team" / "app" / "1.4")
    image.layer_path(folder, 0).write_bytes(image.layers[0][:4000])
    image.layer_path(folder, 1).write_bytes(image.diffs[1])
    (folder / "notes.txt").write_text("hello")
    return root


def hostile_download(root: Path) -> Path:
    """A damaged image in a folder, with files, whose names want to break out of any report."""
    image = small_image()
    folder = write_artifactory_folder(image, root / "<b>team" / HOSTILE_NAMES[0].replace("/", "_") / HOSTILE_NAMES[1])
    for number, name in enumerate(HOSTILE_NAMES):
        (folder / f"{name.replace('/', '_')}.part").write_bytes(noise(10, str(number)))
    layer = image.layer_path(folder, 0)
    layer.write_bytes(b"<html><title><script>alert(1)</script></title></html>")
    image.layer_path(folder, 1).rename(folder / bytes([0xFF, 0xFE]).decode(errors="surrogateescape"))
    return root
