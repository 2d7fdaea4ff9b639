"""libmagic lends words for content that blobfix has no name for, and may be absent."""

import sys
from pathlib import Path

import pytest

from importer.inspection import libmagic

PROGRAM = Path(sys.executable).resolve()


@pytest.fixture(autouse=True)
def _load_anew():
    libmagic._library.cache_clear()
    yield
    libmagic._library.cache_clear()


def test_a_program_is_called_one():
    assert libmagic.is_available()
    assert "executable" in libmagic.describe(PROGRAM.read_bytes()[:4096]).lower()


def test_noise_has_no_description():
    assert libmagic.describe(bytes(range(128, 256)) * 4) == ""


def test_without_the_library_nothing_breaks(monkeypatch):
    monkeypatch.setitem(sys.modules, "magic", None)
    assert not libmagic.is_available()
    assert libmagic.describe(PROGRAM.read_bytes()[:4096]) == ""
