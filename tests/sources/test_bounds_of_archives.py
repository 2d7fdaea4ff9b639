"""What a small archive may cost: members, folders and names have a limit, and a word about it."""

from __future__ import annotations

import struct
import tarfile
import tracemalloc
from pathlib import Path

import pytest

from importer.places.address import Literal
from importer.places.opener import Opener
from importer.sources import archive_entries
from importer.sources.decompression import Allowance
from importer.sources.zip_archive import list_zip
from tests.in_process import scan


class TestArchives:
    def write(self, folder: Path, *names: str) -> Path:
        with tarfile.open(folder / "download.tar", "w", format=tarfile.PAX_FORMAT) as archive:
            for name in names:
                archive.addfile(tarfile.TarInfo(name))
        return folder / "download.tar"

    def problems(self, path: Path) -> list[str]:
        return [finding["message"] for finding in scan(path).report["findings"] if finding["severity"] == "error"]

    def test_an_archive_with_too_many_members_is_read_in_part_and_it_is_said(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(archive_entries, "MAX_MEMBERS", 10)
        (said,) = self.problems(self.write(tmp_path, *(f"f{number}" for number in range(20))))
        assert "only its first 10 members are read" in said

    def test_folders_in_folders_have_a_limit(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(archive_entries, "_MAX_FOLDER_NAMES", 1000)
        (said,) = self.problems(self.write(tmp_path, *(f"{number}/" + "a/" * 40 + "f" for number in range(20))))
        assert "only its first 2 members are read" in said

    def test_a_name_that_no_system_takes_is_refused(self, tmp_path: Path) -> None:
        (said,) = self.problems(self.write(tmp_path, "a/" * 100_000 + "f"))
        assert "a path of 200,001 characters" in said

    def test_a_zip_whose_directory_is_huge_is_read_by_its_members(self) -> None:
        name = b"a"
        local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0) + name
        directory = bytes(25 << 20)
        end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 9, 9, len(directory), len(local), 0)
        content = local + directory + end
        tracemalloc.start()
        listed = list(list_zip(Opener(), Literal(content), len(content), Allowance()))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert [item.name for item in listed][1] == "a"
        assert peak < 2 * len(content)
