"""A finding that is less bad than its rule says is shown so in every form of the report."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from importer.investigation import Investigation
from importer.report.formats import Format
from importer.rules.findings import Findings
from importer.rules.rule import Finding, Rule, Severity
from tests.report.scans import damaged_download, rendered, scan

Milder = tuple[Rule, Investigation]


@pytest.fixture
def milder(tmp_path: Path) -> Milder:
    """A scan in which the first of the errors is a remark."""
    investigation = scan(damaged_download(tmp_path))
    first, *rest = investigation.findings
    assert first.severity is Severity.ERROR
    remark = Finding(first.rule, replace(first.observation, severity=Severity.INFO))
    return first.rule, replace(investigation, findings=Findings(investigation.case, (*rest, remark), ()))


def test_json_says_it(milder: Milder) -> None:
    rule, investigation = milder
    findings = json.loads(rendered(investigation, Format.JSON))["findings"]
    assert findings[-1]["code"] == rule.code
    assert findings[-1]["severity"] == "info"


def test_sarif_calls_it_a_note(milder: Milder) -> None:
    rule, investigation = milder
    result = json.loads(rendered(investigation, Format.SARIF))["runs"][0]["results"][-1]
    assert (result["ruleId"], result["level"]) == (rule.code, "note")


@pytest.mark.parametrize("form", [Format.TEXT, Format.CONCISE])
def test_it_is_a_remark_of_the_reports_for_people(milder: Milder, form: Format) -> None:
    rule, investigation = milder
    assert f"error {rule.code}" not in rendered(investigation, form)
    assert f"info {rule.code} {rule.name}" in rendered(investigation, form, verbose=True)


def test_html_puts_it_among_the_remarks(milder: Milder) -> None:
    rule, investigation = milder
    page = rendered(investigation, Format.HTML)
    assert f'<section class="card rule info" id="{rule.code}">' in page
