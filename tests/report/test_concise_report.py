"""One line for each finding."""

import re
from pathlib import Path

from importer.report.formats import Format
from tests.report.scans import damaged_download, hostile_download, rendered, scan, whole_download

LINE = re.compile(r"(?P<path>.+): (error|warning|info) BF\d{3} [a-z0-9-]+: .+")


def test_each_finding_is_one_line_and_the_verdict_is_the_last(tmp_path: Path) -> None:
    *findings, verdict = rendered(scan(damaged_download(tmp_path)), Format.CONCISE).splitlines()
    assert [line.split(": ")[1] for line in findings] == ["error BF201 truncated", "warning BF206 gunzipped"]
    assert all(LINE.fullmatch(line) for line in findings)
    assert verdict.startswith("The image can't be recovered")


def test_a_path_is_said_once_in_a_line(tmp_path: Path) -> None:
    for line in rendered(scan(damaged_download(tmp_path)), Format.CONCISE).splitlines()[:-1]:
        assert line.count(str(tmp_path)) == 1


def test_what_has_no_file_is_told_of_its_manifest(tmp_path: Path) -> None:
    folder = whole_download(tmp_path) / "team" / "app" / "1.4"
    next(path for path in folder.iterdir() if path.stat().st_size > 5000).unlink()
    (line, _) = rendered(scan(tmp_path), Format.CONCISE).splitlines()
    assert line.startswith(f"{folder / 'manifest.json'}: error BF401 blob-missing: ")


def test_remarks_are_shown_on_demand(tmp_path: Path) -> None:
    investigation = scan(damaged_download(tmp_path))
    assert ": info " not in rendered(investigation, Format.CONCISE)
    assert ": info BF103 " in rendered(investigation, Format.CONCISE, verbose=True)


def test_hostile_names_stay_in_their_line(tmp_path: Path) -> None:
    investigation = scan(hostile_download(tmp_path))
    lines = rendered(investigation, Format.CONCISE, verbose=True).splitlines()
    assert len(lines) == len(investigation.findings) + 1
    assert all(line.isprintable() for line in lines)
