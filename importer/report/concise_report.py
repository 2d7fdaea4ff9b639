"""One line for each finding, for grep and for logs."""

from __future__ import annotations

from importer.investigation import Investigation
from importer.report.page import Page, Paper, Styled
from importer.report.rendering import Renderer
from importer.report.rule_text import SEVERITY_STYLES
from importer.report.verdict import verdict_of
from importer.rules.rule import Finding


def print_report(investigation: Investigation, paper: Paper) -> None:
    """Print ``path: severity CODE name: message`` for each finding, and the verdict."""
    page = paper.page()
    for finding in investigation.findings if paper.verbose else investigation.findings.troubles:
        _print_finding(finding, page)
    page.line(Styled(verdict_of(investigation), "bold"))


def _print_finding(finding: Finding, page: Page) -> None:
    rule, seen = finding.rule, finding.observation
    severity = Styled(f"{finding.severity} {rule.code} {rule.name}", SEVERITY_STYLES[finding.severity])
    page.line(seen.path or _place_without_file(finding), ": ", severity, ": ", Renderer().message(finding))


def _place_without_file(finding: Finding) -> str:
    # What is missing has no path; the file of its manifest is where it is missing from.
    image = finding.observation.image
    manifest = image.manifest.file if image else None
    return manifest.file.path if manifest else "-"
