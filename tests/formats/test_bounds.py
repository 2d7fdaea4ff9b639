"""What a small document or header may cost: a limit for each thing that an attack can have a million of."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from importer.formats.documents import read_document
from importer.formats.tar_headers import TarWalker
from importer.formats.tar_numbers import MAX_RECORDS, header_number, pax_number, pax_records
from tests.tar_blocks import END, entries, extended, header, record


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

    @pytest.mark.slow
    def test_an_index_of_ten_thousand_is_read(self) -> None:
        child = {"mediaType": "a/b", "digest": "sha256:" + "ab" * 32, "size": 1, "annotations": {"a": "b"}}
        value = {"schemaVersion": 2, "manifests": [child] * 10_000}
        assert len(getattr(read_document(json.dumps(value).encode()).index, "children", ())) == 10_000
