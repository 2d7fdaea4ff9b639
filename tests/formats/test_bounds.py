"""What a small input may cost: a limit for each thing that an attack can have a million of, and a word about it."""

from __future__ import annotations

import json
import struct
import tarfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.errors import CannotWriteError
from importer.formats.documents import read_document
from importer.formats.tar_headers import TarWalker
from importer.formats.tar_numbers import MAX_RECORDS, header_number, pax_number, pax_records
from importer.places.address import Literal
from importer.places.opener import Opener
from importer.sources import archive_entries
from importer.sources.decompression import Allowance
from importer.sources.zip_archive import list_zip
from importer.writers import merged_names
from importer.writers.merged_names import MergedNames
from importer.writers.tar_entries import TarEntry, TarReader
from tests.in_process import scan

END = bytes(1024)


def header(name: str, kind: bytes = b"0", size: int = 0, link: str = "") -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size, link
    return info.tobuf(format=tarfile.USTAR_FORMAT)


def extended(kind: bytes, content: bytes) -> bytes:
    return header("extended", kind, len(content)) + content + bytes(-len(content) % 512)


def record(key: bytes, value: bytes) -> bytes:
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    return b"%d %s=%s\n" % (rest + len(str(length)), key, value)


def entries(*blocks: bytes) -> list[TarEntry]:
    return list(TarReader(iter([b"".join(blocks) + END]), "the layer"))


class TestTarNumbers:
    @pytest.mark.parametrize(
        ("text", "number"),
        [(b"0", 0), (b"00012", 12), (b"0" * 5000 + b"7", 7), (b"%d" % (2**63 - 1), 2**63 - 1)]
        + [(wrong, None) for wrong in (b"", b"-1", b"1.5", b"1 ", b"9" * 19, b"9" * 5000, b"\xb2", b"0x1")],
    )
    def test_pax_numbers(self, text: bytes, number: int | None) -> None:
        assert pax_number(text) == number

    @pytest.mark.parametrize(
        ("field", "number"),
        [(b"\xff" * 12, 2**63 - 1), (b"\x80" + b"\xff" * 11, 2**63 - 1), (b"99999999999\0", 0), (b"\0" * 12, 0)],
    )
    def test_a_number_of_a_header_has_a_limit(self, field: bytes, number: int) -> None:
        assert header_number(field) == number

    def test_a_size_of_thousands_of_digits_is_passed_over(self) -> None:
        block = extended(b"x", record(b"size", b"9" * 5000)) + header("a", size=5) + b"12345" + bytes(507)
        assert [entry.size for entry in entries(block)] == [5]
        walker = TarWalker(keep_entries=True)
        walker.feed(block + END)
        assert [entry.size for entry in walker.entries] == [5]

    def test_records_beyond_reason_are_not_read(self) -> None:
        assert len(list(pax_records(b"5 a=\n" * 100_000))) == MAX_RECORDS


class TestSquash:
    def test_global_records_are_ignored_as_docker_does(self) -> None:
        many = b"".join(record(b"K%d" % number, b"v") for number in range(1000))
        found = entries(extended(b"g", record(b"path", b"elsewhere") + many), header("a"), header("b"))
        assert [(entry.path, entry.records) for entry in found] == [(b"a", ()), (b"b", ())]

    @pytest.mark.parametrize("kind", [b"L", b"K", b"x", b"g"])
    def test_headers_without_end_are_refused(self, kind: bytes) -> None:
        def blocks() -> Iterator[bytes]:
            while True:
                yield extended(kind, bytes(100_000))

        with pytest.raises(CannotWriteError, match="headers of more than 1 MiB before a file"):
            next(iter(TarReader(blocks(), "the layer")))

    def apply(self, *blocks: bytes) -> MergedNames:
        names = MergedNames()
        names.apply(0, entries(*blocks), "the layer")
        return names

    def test_a_link_to_a_path_that_no_system_takes_is_refused(self) -> None:
        with pytest.raises(CannotWriteError, match="a path of 5000 bytes"):
            self.apply(extended(b"K", b"d/../" * 1000), header("a", b"2"))

    def test_links_that_lead_through_a_hundred_thousand_folders_are_refused(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(merged_names, "_MAX_STEPS", 10_000)
        folder = header("d", b"5") + extended(b"K", b"d/../" * 800 + b"d") + header("l", b"2")
        self.apply(folder, header("l/a"))
        with pytest.raises(CannotWriteError, match="lead through more than 10,000 folders; refused"):
            self.apply(folder, *(header(f"l/{number}") for number in range(10)))

    def test_more_names_than_any_image_has_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(merged_names, "_MAX_NAMES", 100)
        self.apply(*(header(f"f{number}") for number in range(100)))
        with pytest.raises(CannotWriteError, match="more than 100 files and folders; leave out --squash"):
            self.apply(*(header(f"d{number}/f") for number in range(40)))

    def test_a_file_that_each_layer_writes_anew_counts_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(merged_names, "_MAX_NAMES", 10)
        names = MergedNames()
        for layer in range(20):
            names.apply(layer, entries(header("a"), header("b")), "the layer")
        assert set(names.survivors()) == {(19, 0), (19, 1)}


class TestDocuments:
    @pytest.mark.parametrize("text", ["{},", "[],", '"a",', '{"a":[]},'])
    def test_a_document_of_a_million_values_is_not_parsed(self, text: str) -> None:
        content = ('{"schemaVersion":2,"layers":[' + text * 700_000 + "{}]}").encode()
        tracemalloc.start()
        document = read_document(content)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert "more than 500,000 values" in str(document.error)
        assert peak < 5 * len(content)

    def test_an_index_of_ten_thousand_is_read(self) -> None:
        child = {"mediaType": "a/b", "digest": "sha256:" + "ab" * 32, "size": 1, "annotations": {"a": "b"}}
        value = {"schemaVersion": 2, "manifests": [child] * 10_000}
        assert len(getattr(read_document(json.dumps(value).encode()).index, "children", ())) == 10_000


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
        monkeypatch.setattr(archive_entries, "_MAX_MEMBERS", 10)
        (said,) = self.problems(self.write(tmp_path, *(f"f{number}" for number in range(20))))
        assert "only its first 10 members are looked at" in said

    def test_folders_in_folders_have_a_limit(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(archive_entries, "_MAX_FOLDER_NAMES", 1000)
        (said,) = self.problems(self.write(tmp_path, *(f"{number}/" + "a/" * 40 + "f" for number in range(20))))
        assert "only its first 2 members are looked at" in said

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
