"""What is made from code and committed is what the code makes today; fixtures/damages has a test of its own."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.blobfix import HOME
from tools.make_docs import PAGES, write_pages


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    write_pages(folder)
    return folder


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_fresh(name: str, made: Path) -> None:
    assert (HOME / "docs" / name).read_bytes() == (made / name).read_bytes(), "run: make generated"


@pytest.mark.parametrize("report", ["scan-report", "tree-report"])
def test_each_member_of_a_report_has_a_row(report: str, made: Path) -> None:
    schema = json.loads((HOME / "schemas" / f"{report}.schema.json").read_bytes())
    page = (made / "reports.md").read_text(encoding="utf-8")
    members = [name for part in (schema, *schema["$defs"].values()) for name in part.get("properties", ())]
    assert members
    assert [name for name in members if f"| `{name}` | " not in page] == []


def test_links_of_the_reports_page_lead_somewhere(made: Path) -> None:
    page = (made / "reports.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(#([^)]+)\)", page)
    assert links
    assert set(links) <= set(re.findall(r'<a id="([^"]+)">', page))
