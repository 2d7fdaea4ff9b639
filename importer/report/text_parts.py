"""Parts of a text report that are the same for downloads and for storage trees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import Final

from importer.report.downloads import Download
from importer.report.next_steps import NextStep
from importer.report.page import Page, Styled
from importer.report.rendering import Renderer
from importer.report.rule_text import SEVERITY_STYLES
from importer.report.shopping_list import heading_of, ways_to
from importer.rules.rule import Finding

_SHOWN_OF_A_RULE: Final = 5


def print_findings(
    page: Page, findings: Iterable[Finding], renderer: Renderer, *, verbose: bool, title: str = "What was found"
) -> None:
    """Print the findings, of each rule the first few; with ``verbose`` all of them."""
    for number, (_, group) in enumerate(groupby(findings, key=lambda found: (found.severity, found.rule.code))):
        if not number:
            page.line()
            page.line(Styled(title, "bold"))
        _print_group(page, group, renderer, verbose=verbose)


def _print_group(page: Page, group: Iterator[Finding], renderer: Renderer, *, verbose: bool) -> None:
    for finding in group if verbose else islice(group, _SHOWN_OF_A_RULE):
        rule, seen = finding.rule, finding.observation
        head = Styled(f"{finding.severity} {rule.code} {rule.name}", SEVERITY_STYLES[finding.severity])
        page.line(head, f"  {renderer.path(seen.path)}" if seen.path else "", indent=2, hang=2)
        page.line(renderer.message(finding), indent=4)
        page.line(f"next: {renderer.remedy(finding)}", indent=4, hang=2)
    rest = list(group)
    if rest:
        more = f"… and {len(rest):,} more {rest[0].rule.name}; -v lists them all"
        page.line(more, indent=2)


def print_next(page: Page, steps: Sequence[NextStep]) -> None:
    """Print what to do next; people paste the commands, so that none is broken."""
    if not steps:
        return
    page.line()
    page.line(Styled("Next", "bold"))
    for step in steps:
        page.line(f"{step.purpose}:", indent=2, hang=2)
        page.copyable(step.command, indent=4)


def print_downloads(page: Page, downloads: Sequence[Download]) -> None:
    """Print the shopping list; people copy its lines, so that none is broken."""
    if not downloads:
        return
    page.line()
    page.line(Styled(f"Download again ({len(downloads)})", "bold"))
    for download in downloads:
        page.copyable(heading_of(download), indent=2)
        for way in ways_to(download):
            page.copyable(way, indent=4)
