"""The compressors in circulation."""

from __future__ import annotations

import pytest

from importer.recompression import known_compressors, seconds_for

KNOWN = known_compressors()


def test_catalogue_is_the_same_each_time() -> None:
    assert known_compressors() == KNOWN


def test_names_are_unique() -> None:
    assert len({known.name for known in KNOWN}) == len({known.compressor for known in KNOWN}) == len(KNOWN)


def test_headers_are_unique_in_a_compressor() -> None:
    assert all(len(set(known.headers)) == len(known.headers) for known in KNOWN)


def test_another_zlib_leaves_its_compressors_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importer.recompression.catalogue.is_original_zlib", lambda: False)
    names = [compressor.name for compressor in known_compressors()]
    assert names
    assert not [name for name in names if "zlib" in name or "pigz" in name]


def test_estimate_adds_up() -> None:
    one, two = KNOWN[:2]
    assert seconds_for((one, two), 2_000_000) == pytest.approx(2 / one.speed + 2 / two.speed)
    assert seconds_for((), 5) == 0
