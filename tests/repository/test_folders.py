"""Tests are where one looks for them: in the folder that is called as the package that they test."""

from __future__ import annotations

from tests.blobfix import HOME

TESTS = HOME / "tests"
OTHERS = {
    "agreement",  # of several packages, over the whole corpus
    "end_to_end",
    "harness",  # the tests' own tools
    "repository",
    "torture",
    # no tests, but what tests need
    "images",
    "programs",
}


def packages_in(home: str) -> set[str]:
    return {path.parent.name for path in (HOME / home).glob("*/__init__.py")}


def test_no_test_lies_outside_of_the_folders() -> None:
    assert [path.name for path in TESTS.glob("test_*.py")] == []


def test_each_package_has_tests() -> None:
    rooms = packages_in("importer")
    assert "domain" in rooms
    assert [room for room in rooms if not any((TESTS / room).rglob("test_*.py"))] == []


def test_each_folder_is_called_as_a_package_or_known() -> None:
    modules = {path.stem for path in (HOME / "importer").glob("*.py")}
    assert packages_in("tests") - packages_in("importer") - modules - OTHERS == set()
