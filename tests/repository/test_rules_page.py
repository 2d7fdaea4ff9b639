"""The page about the rules in the documentation is the rules' own text."""

import re

from importer.rules.catalogue import all_rules
from tools.rules_page import render_page


def test_every_rule_has_one_row_one_anchor_and_one_heading() -> None:
    page = render_page()
    for rule in all_rules():
        anchor = rule.code.lower()
        assert page.count(f"| [{rule.code}](#{anchor}) | {rule.name} |") == 1
        assert page.count(f'<a id="{anchor}"></a>') == 1
        assert page.count(f"### {rule.code} {rule.name}\n") == 1


def test_every_table_row_has_five_cells() -> None:
    rows = [line for line in render_page().splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6}


def test_every_symptom_is_there_letter_by_letter() -> None:
    page = render_page()
    assert all(f"- `{symptom}`" in page for rule in all_rules() for symptom in rule.symptoms)
