"""What a small layer may cost where layers are merged: headers, paths, links and names have a limit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from importer.errors import CannotWriteError
from importer.writers import merged_names
from importer.writers.merged_names import MergedNames
from importer.writers.tar_entries import TarReader
from tests.tar_blocks import entries, extended, header, record


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
