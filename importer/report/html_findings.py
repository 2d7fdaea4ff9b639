"""Findings as HTML reports show them: those of one rule together, with its explanation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Final

from importer.report.rule_text import paragraphs
from importer.rules.rule import Finding, Rule, Severity

_SHOWN_OF_A_RULE: Final = 100


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """What one rule has found of one severity; ``anchor`` is where links to it lead."""

    rule: Rule
    severity: Severity
    findings: tuple[Finding, ...]
    more: int
    anchor: str

    @property
    def paragraphs(self) -> tuple[tuple[str, str], ...]:
        """The rule's explanation."""
        return tuple(paragraphs(self.rule.explanation))


@dataclass(frozen=True, slots=True)
class FindingSection:
    """Findings under one heading; ``remarks`` need no action."""

    title: str
    troubles: tuple[FindingGroup, ...]
    remarks: tuple[FindingGroup, ...]


def sections_of(titled: Iterable[tuple[str, Iterable[Finding]]]) -> tuple[FindingSection, ...]:
    """The sections of a page, in their order."""
    anchors: set[str] = set()
    sections = []
    for title, findings in titled:
        groups = tuple(_groups(findings, anchors))
        troubles = tuple(group for group in groups if group.severity is not Severity.INFO)
        remarks = tuple(group for group in groups if group.severity is Severity.INFO)
        sections.append(FindingSection(title, troubles, remarks))
    return tuple(sections)


def _groups(findings: Iterable[Finding], anchors: set[str]) -> Iterator[FindingGroup]:
    for (severity, code), group in groupby(findings, key=lambda finding: (finding.severity, finding.rule.code)):
        rest = iter(group)
        found, more = tuple(islice(rest, _SHOWN_OF_A_RULE)), sum(1 for _ in rest)
        # A link to the rule leads to its worst findings; an anchor is there once.
        anchor = next(name for name in _names(code, severity) if name not in anchors)
        anchors.add(anchor)
        yield FindingGroup(found[0].rule, severity, found, more, anchor)


def _names(code: str, severity: Severity) -> tuple[str, ...]:
    return code, f"{code}-{severity}", f"{code}-{severity}-before"
