"""libmagic lends words for content that blobfix has no name for, and may be absent."""

import sys
from collections.abc import Iterator

import pytest

from importer.inspection import libmagic


@pytest.fixture(autouse=True)
def _load_anew() -> Iterator[None]:
    libmagic._library.cache_clear()
    yield
    libmagic._library.cache_clear()


def test_what_it_knows_is_named() -> None:
    assert libmagic.is_available()
    assert libmagic.describe(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n").startswith("PDF document")


def test_noise_has_no_description() -> None:
    assert libmagic.describe(b"\x00\x01\x9e\x00\xff\x81\x00" * 9) == ""


def test_without_the_library_nothing_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "magic", None)
    assert not libmagic.is_available()
    assert libmagic.describe(b"%PDF-1.7") == ""
