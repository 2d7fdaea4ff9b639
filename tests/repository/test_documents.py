"""What documents say of files in this repository: they are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.blobfix import HOME

DOCUMENTS = [
    HOME / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "fixtures/README.md")
]
DOCUMENTS += sorted((HOME / "docs").glob("*.md"))
PLACES = [HOME / folder for folder in (".", "importer", "importer/recompression", "tests", "docs")]
FILE = re.compile(r"`((?:[\w.-]+/)+[\w-]+\.(?:py|md|toml|json|sh|c|h))`")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def paths_in(document: Path) -> list[str]:
    return [path for path in FILE.findall(document.read_text(encoding="utf-8")) if "_layers/" not in path]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_are_named_are_there(document: Path) -> None:
    assert [path for path in paths_in(document) if not any((place / path).exists() for place in PLACES)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files(document: Path) -> None:
    links = LINK.findall(document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_documents_name_files() -> None:
    assert len(paths_in(HOME / "CONTRIBUTING.md")) > 10
