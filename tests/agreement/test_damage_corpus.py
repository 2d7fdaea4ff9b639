"""The corpus of damages: what a scan says of each, what is made of it, and what a scan says of that.

The manner is e2fsprogs': ``expect.1`` is the first run, ``expect.2`` the second, on what the first one repaired.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

from fixtures.make_damages import make_all
from importer.rules.catalogue import all_rules
from tests.blobfix import snapshot
from tests.in_process import SEVERE, Scan, run, scan

HOME = Path(__file__).parents[2] / "fixtures" / "damages"
FOLDERS = sorted(path.name for path in HOME.iterdir())
MAX_SIZE = 1_200_000
RULE_TESTS = Path(__file__).parents[1] / "rules"


@pytest.fixture(params=FOLDERS)
def case(request: pytest.FixtureRequest) -> Path:
    return HOME / str(request.param)


@pytest.fixture
def place(case: Path, tmp_path: Path) -> Path:
    return input_of(case, tmp_path)


def input_of(case: Path, folder: Path) -> Path:
    """The input: as it is committed, or a copy below ``folder`` when it needs what Git can't hold."""
    pipes = expected(case, 1)["pipes"]
    if not pipes:
        return case / "input"
    copy = Path(shutil.copytree(case / "input", folder / case.name / "input"))
    for pipe in pipes:
        os.mkfifo(copy / pipe)
    return copy


def expected(case: Path, number: int) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((case / f"expect.{number}.json").read_text(encoding="utf-8"))
    return value


def findings_of(seen: Scan, place: Path) -> list[dict[str, Any]]:
    return [
        {
            "code": one["code"],
            "severity": one["severity"],
            "certainty": one["certainty"],
            "path": os.path.relpath(one["path"], place) if one["path"] else None,
            "fix": one["fix"]["safety"],
        }
        for one in seen.report["findings"]
    ]


def in_any_order(values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(values, key=lambda value: json.dumps(value, sort_keys=True))


def test_the_first_scan(case: Path, place: Path) -> None:
    wanted, seen = expected(case, 1), scan(place, *expected(case, 1)["options"])
    assert in_any_order(findings_of(seen, place)) == in_any_order(wanted["findings"])
    keys = ("name", "status", "manifest_digest", "image_id", "outputs")
    images = [{key: image[key] for key in keys} for image in seen.report["images"]]
    assert in_any_order(images) == in_any_order(wanted["images"])
    downloads = [{key: one[key] for key in ("digest", "have", "reason")} for one in seen.report["downloads"]]
    assert in_any_order(downloads) == in_any_order(wanted["downloads"])
    assert seen.code == wanted["exit"]
    assert_severity_means_loss(seen)


def assert_severity_means_loss(seen: Scan) -> None:
    """Where all is well nothing is an error; where something is lost it is an error, or named with its blob."""
    blobs = [blob["status"] for image in seen.report["images"] for blob in image["blobs"]]
    if seen.code == 0:
        assert seen.codes("error") == []
    if seen.code == 4:
        assert seen.codes("error") or {"missing", "damaged"} & {*blobs}


@pytest.mark.parametrize("command", ["to-registry-tree", "to-docker-tar"])
def test_the_second_scan(case: Path, place: Path, command: str, tmp_path: Path) -> None:
    wanted, output = expected(case, 2)[command], tmp_path / "output"
    before = snapshot(place)
    outcome = run(command, place, "-o", output, *wanted["options"])
    assert outcome.code == wanted["exit"], outcome.output
    assert snapshot(place) == before
    if wanted["scan"] is None:
        assert not output.exists()
        return
    seen = scan(unpacked(output, tmp_path), "--deep")
    assert sorted(seen.codes(*SEVERE)) == wanted["scan"]["findings_above_info"]
    assert in_any_order(images_in(seen)) == in_any_order(wanted["scan"]["images"])
    assert seen.code == wanted["scan"]["exit"]


def images_in(output: Scan) -> list[dict[str, Any]]:
    """The images of an output; an OCI layout's own table of contents is none of them."""
    return [
        {"status": image["status"], "image_id": image["image_id"]}
        for image in output.report["images"]
        if not any((blob["path"] or "").endswith("/index.json") for blob in image["blobs"])
    ]


def unpacked(output: Path, tmp_path: Path) -> Path:
    """A tree as it is; a tar's members."""
    if output.is_dir():
        return output
    with tarfile.open(output) as opened:
        opened.extractall(tmp_path / "members", filter="data")
    return tmp_path / "members"


def test_the_corpus_is_what_its_script_makes(tmp_path: Path) -> None:
    make_all(tmp_path)
    assert files_below(tmp_path) == files_below(HOME)


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_corpus_stays_small() -> None:
    assert sum(map(len, files_below(HOME).values())) < MAX_SIZE


@pytest.fixture(scope="module")
def codes_by_case(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The codes that a real scan tells of each input."""
    home = tmp_path_factory.mktemp("pipes")
    reports = {name: scan(input_of(HOME / name, home), *expected(HOME / name, 1)["options"]).report for name in FOLDERS}
    return {name: {one["code"] for one in report["findings"]} for name, report in reports.items()}


@pytest.mark.parametrize("rule", [rule for rule in all_rules() if rule.code < "BF5"], ids=lambda rule: rule.code)
class TestEveryRule:
    def test_has_a_fixture_of_its_name(self, rule: Any) -> None:
        folders = [name for name in FOLDERS if re.match(rf"{rule.code}-{rule.name}(-|$)", name)]
        assert folders, f"add a case {rule.code}-{rule.name} to fixtures/corpus"
        told = [name for name in folders if any(f["code"] == rule.code for f in expected(HOME / name, 1)["findings"])]
        assert told

    def test_appears_in_a_real_report(self, rule: Any, codes_by_case: dict[str, set[str]]) -> None:
        assert [name for name, codes in codes_by_case.items() if rule.code in codes and name.startswith(rule.code)]

    def test_has_a_text(self, rule: Any) -> None:
        text = rule.explanation
        assert all(len(part) > 20 for part in (text.meaning, text.origin, text.remedy, text.advice))

    def test_has_a_test_of_its_own(self, rule: Any) -> None:
        tests = "".join(path.read_text() for path in RULE_TESTS.glob("test_*.py") if "catalogue" not in path.name)
        assert f'"{rule.code}"' in tests, f"add a test of {rule.code} to tests/rules"


def test_every_case_is_of_a_rule() -> None:
    codes = {rule.code for rule in all_rules()}
    assert [name for name in FOLDERS if name.partition("-")[0] not in codes | {"several"}] == []
