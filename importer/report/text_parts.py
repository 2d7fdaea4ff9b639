"""Parts of a text report that are the same for downloads and for storage trees."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from importer.report.downloads import Download
from importer.report.page import Page, Styled
from importer.rules.rule import Finding, Severity
from importer.rules.wording import bytes_of

SEVERITY_STYLES: Final = {"error": "bold red", "warning": "yellow", "info": "dim"}
_SHOWN_OF_A_RULE: Final = 5


def print_findings(page: Page, findings: Sequence[Finding], *, verbose: bool, title: str = "What was found") -> None:
    """Print the findings, of each rule the first few; with ``verbose`` all, remarks included."""
    shown = [f for f in findings if verbose or f.rule.severity is not Severity.INFO]
    if shown:
        page.line()
        page.line(Styled(title, "bold"))
    for _, group in groupby(shown, key=lambda finding: finding.rule.code):
        _print_group(page, list(group), verbose)


def _print_group(page: Page, group: list[Finding], verbose: bool) -> None:
    shown = group if verbose else group[:_SHOWN_OF_A_RULE]
    for finding in shown:
        rule, seen = finding.rule, finding.observation
        head = Styled(f"{rule.severity} {rule.code} {rule.name}", SEVERITY_STYLES[rule.severity.value])
        page.line("  ", head, f"  {seen.path}" if seen.path else "")
        page.line(f"    {seen.message}")
        page.line(f"    next: {seen.remedy}")
    if len(group) > len(shown):
        page.line(f"  … and {len(group) - len(shown)} more {group[0].rule.name}; -v lists them all")


def print_downloads(page: Page, downloads: Sequence[Download]) -> None:
    """Print the shopping list."""
    if not downloads:
        return
    page.line()
    page.line(Styled(f"Download again ({len(downloads)})", "bold"))
    for download in downloads:
        have = f", {bytes_of(download.have)} of them are here" if download.have else ""
        page.line(f"  {download.file_name}  {bytes_of(download.size)}{have}")
        for path in download.paths:
            page.line(f"    {path}")
        if download.command:
            page.line(f"    {download.command}")
