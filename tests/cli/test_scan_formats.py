"""``blobfix scan --format``: what reaches the standard output, byte by byte."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.blobfix import blobfix
from tests.report.scans import damaged_download, hostile_download

FORMATS = ["text", "concise", "json", "sarif", "html"]


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_leaves_with_the_same_code_and_says_nothing_else(form: str, tmp_path: Path) -> None:
    result = blobfix("scan", damaged_download(tmp_path), "--format", form)
    assert (result.code, result.stderr) == (4, "")
    assert result.text.endswith("\n")


@pytest.mark.parametrize("form", FORMATS)
def test_no_format_fails_or_colours_in_a_pipe_of_another_encoding(form: str, tmp_path: Path) -> None:
    result = blobfix(
        "scan", "-v", hostile_download(tmp_path), "--format", form, variables={"PYTHONIOENCODING": "ascii"}
    )
    assert result.code == 4
    assert "\x1b" not in result.text


def test_documents_are_utf_8_in_any_locale(tmp_path: Path) -> None:
    result = blobfix("scan", hostile_download(tmp_path), "--format", "json", variables={"PYTHONIOENCODING": "latin-1"})
    assert "“" in json.dumps(json.loads(result.text), ensure_ascii=False)


def test_quiet_leaves_only_what_was_asked_for(tmp_path: Path) -> None:
    damaged_download(tmp_path)
    assert blobfix("scan", "-q", tmp_path).text.count("\n") == 1
    assert blobfix("scan", "-q", tmp_path, "--format", "concise").text.count("\n") == 3


def test_a_plain_scan_loads_neither_templates_nor_colours(tmp_path: Path) -> None:
    script = (
        "import sys; from importer.cli.main import main\n"
        f"sys.argv = ['blobfix', 'scan', {str(tmp_path)!r}]\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "slow = {'jinja2', 'markupsafe', 'rich.console', 'importer.storage_tree.steps'}\n"
        "print(slow & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stderr == "set()\n"


@pytest.mark.parametrize("form", FORMATS)
def test_a_closed_standard_output_is_no_trouble(form: str, tmp_path: Path) -> None:
    closed = ["sh", "-c", 'exec "$@" >&-', "sh"]
    result = blobfix("scan", damaged_download(tmp_path), "--format", form, prefix=closed)
    assert (result.code, result.text, result.stderr) == (4, "", "")


def test_without_standard_error_the_standard_output_has_the_report_alone(tmp_path: Path) -> None:
    closed = ["sh", "-c", 'exec "$@" 2>&-', "sh"]
    result = blobfix("scan", damaged_download(tmp_path), "--format", "json", prefix=closed)
    assert (result.code, json.loads(result.text)["summary"]["incomplete"]) == (4, 1)
    assert blobfix("scan", tmp_path / "none", prefix=closed).text == ""
