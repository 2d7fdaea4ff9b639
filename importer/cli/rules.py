"""``blobfix rules``."""

from __future__ import annotations

import json
from typing import Annotated, Final

import typer

from importer.cli.console import page_for_stdout
from importer.cli.options import TextOrJson
from importer.report.page import Page, Styled
from importer.report.rule_text import SEVERITY_STYLES
from importer.rules.catalogue import all_rules
from importer.rules.rule import Rule

EXAMPLES: Final = """\b
Examples:
  blobfix rules
  blobfix explain BF206
"""
_COLUMNS: Final = ("code", "name", "severity", "fix")


def rules(
    format: Annotated[TextOrJson, typer.Option("--format", help="The list's format.")] = TextOrJson.TEXT,  # noqa: A002
) -> None:
    """List all rules by code."""
    if format is TextOrJson.JSON:
        typer.echo(json.dumps([_row(rule) for rule in all_rules()], indent=2, ensure_ascii=False))
    else:
        _print_table(page_for_stdout())


def _row(rule: Rule) -> dict[str, str]:
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity.value,
        "fix": rule.fix.value,
        "summary": rule.summary,
    }


def _print_table(page: Page) -> None:
    rows = [_row(rule) for rule in all_rules()]
    widths = {column: max(len(row[column]) for row in [*rows, {column: column}]) for column in _COLUMNS}
    hang = sum(widths.values()) + 2 * len(_COLUMNS)
    page.line(Styled("".join(f"{column:<{widths[column] + 2}}" for column in _COLUMNS) + "summary", "bold"))
    for rule, row in zip(all_rules(), rows, strict=True):
        cells = {column: f"{row[column]:<{widths[column] + 2}}" for column in _COLUMNS}
        severity = Styled(cells["severity"], SEVERITY_STYLES[rule.severity])
        page.line(Styled(cells["code"], "bold"), cells["name"], severity, cells["fix"], row["summary"], hang=hang)
