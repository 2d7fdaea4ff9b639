"""Findings of files that nothing names are made when they are asked for, and are in their place then."""

from __future__ import annotations

from pathlib import Path

from importer.rules.catalogue import find_all
from importer.rules.rule import Severity
from tests.damage import cut_at
from tests.images.generated import small_image, write_artifactory_folder
from tests.rules.workshop import case_of


def test_findings_of_leftovers_stand_in_order_among_the_others(tmp_path: Path) -> None:
    image = small_image()
    folder = write_artifactory_folder(image, tmp_path)
    cut_at(image.layer_path(folder), 100)
    for number in range(3):
        (folder / f"notes{number}.md").write_text(f"note {number}")
    (folder / "empty.bin").touch()
    found = find_all(case_of(folder))
    codes = [finding.rule.code for finding in found]
    assert codes.count("BF103") == 4
    assert codes == [code for _, code in sorted((_place(finding.severity), finding.rule.code) for finding in found)]
    assert len(found) == len(codes)
    assert list(found.troubles) == [finding for finding in found if finding.severity is not Severity.INFO]
    assert [rule.code for rule in found.rules] == sorted(set(codes))
    assert all(finding in found for finding in found)


def _place(severity: Severity) -> int:
    return [Severity.ERROR, Severity.WARNING, Severity.INFO].index(severity)


def test_what_is_kept_of_a_leftover_file_is_the_file_alone(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"notes{number}.md").write_text(f"note {number}")
    found = find_all(case_of(tmp_path))
    assert not found.named
    assert sum(len(leftovers.files) for leftovers in found.leftovers) == 50
    first, again = (list(found) for _ in range(2))
    assert first == again
    assert first[0] is not again[0]
