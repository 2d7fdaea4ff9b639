"""A table with a row for each of many images or repositories, of which a browser shows only some at a time.

The page holds the rows as JSON; ``overview.js`` makes the elements of those that are shown, and filters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from markupsafe import Markup

from importer.plan.fidelity import ImageStatus
from importer.report.html_page import json_in_page
from importer.report.rendering import Renderer
from importer.report.shopping_list import Listed
from importer.rules.rule import Finding, Rule, Severity

_FINDINGS_OF_A_ROW: Final = 50
_WITHOUT_SCRIPTS: Final = 50
"""So many rows are there for browsers that run no scripts."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a row's bar: its size in bytes, its state, and how much of it is here, in percent."""

    size: int
    state: str
    good: int = 100


@dataclass(frozen=True, slots=True)
class Part:
    """Something in a row that isn't as it should be, and the rule that explains it."""

    state: str
    label: str
    size: str
    rule: Rule | None
    place: str


@dataclass(frozen=True, slots=True)
class Row:
    """One image, or one repository.

    Attributes:
        name: what it is called.
        cells: the texts of the further columns.
        segments: its bar.
        facts: what is told of it when it is opened, each with its heading.
        parts: those that aren't as they should be.
        rest: what is said of the other parts.
        findings: what was found of it; of remarks only the number is told.
    """

    name: str
    state: ImageStatus
    cells: tuple[str, ...]
    segments: tuple[Segment, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    parts: tuple[Part, ...] = ()
    rest: str = ""
    findings: Sequence[Finding] = ()


@dataclass(frozen=True, slots=True)
class Overview:
    """The table.

    Attributes:
        title: what the rows are, in the plural.
        states: the states of all rows.
        rows: makes the rows, the worst first.
        filter: what can be filtered by: the name, and the facts.
        columns: the headings of the cells.
        legend: for each state of a segment or a part its mark and a word.
        bar: the heading of the bars.
        scale: bytes of the longest bar; 0: all are of the same length.
        renderer: writes messages out.
        downloads: what of the shopping list the page doesn't show at first.
    """

    title: str
    states: Counter[ImageStatus]
    rows: Callable[[], Iterable[Row]]
    filter: str
    columns: tuple[str, ...]
    legend: dict[str, tuple[str, str]]
    bar: str
    scale: int = 0
    renderer: Renderer = field(default_factory=Renderer)
    downloads: tuple[Listed, ...] = ()

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self.states.total()

    @property
    def first(self) -> tuple[Row, ...]:
        """The worst rows, for browsers that run no scripts."""
        return tuple(islice(self.rows(), _WITHOUT_SCRIPTS))

    @property
    def data(self) -> Iterator[Markup]:
        """The JSON document, line by line."""
        head = {
            "title": self.title,
            "columns": self.columns,
            "legend": self.legend,
            "bar": self.bar,
            "scale": self.scale,
            "downloads": self.downloads,
        }
        yield Markup('{{{},\n"rows":[\n').format(json_in_page(head)[1:-1])
        between = Markup("")
        for row in self.rows():
            yield between + json_in_page(self._values(row))
            between = Markup(",\n")
        yield Markup("\n]}")

    def _values(self, row: Row) -> dict[str, Any]:
        serious = [finding for finding in row.findings if finding.severity is not Severity.INFO]
        found = [_finding(finding, self.renderer) for finding in serious[:_FINDINGS_OF_A_ROW]]
        values: dict[str, Any] = {
            "name": row.name,
            "state": row.state.value,
            "cells": row.cells,
            "bar": [_segment(segment) for segment in row.segments],
            "facts": row.facts,
            "parts": [_part(part) for part in row.parts],
            "rest": row.rest,
            "findings": found,
            "more": len(serious) - len(found),
            "remarks": len(row.findings) - len(serious),
        }
        return {name: value for name, value in values.items() if value}


def _segment(segment: Segment) -> list[int | str]:
    whole: list[int | str] = [segment.size, segment.state]
    return whole if segment.good == 100 else [*whole, segment.good]


def _part(part: Part) -> list[str]:
    rule = [part.rule.code, part.rule.name] if part.rule else ["", ""]
    return [part.state, part.label, part.size, *rule, part.place]


def _finding(finding: Finding, renderer: Renderer) -> list[str]:
    path = finding.observation.path
    return [
        finding.severity.value,
        finding.rule.code,
        finding.rule.name,
        renderer.path(path) if path else "",
        renderer.message(finding),
        renderer.remedy(finding),
    ]
