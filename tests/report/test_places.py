"""How paths are shortened."""

import pytest

from importer.report.places import Places, common_folder, said_of_file


@pytest.mark.parametrize(
    ("paths", "folder"),
    [
        ([], ""),
        (["a/b/x"], "a/b/"),
        (["a/b/x", "a/b/y"], "a/b/"),
        (["a/b/x", "a/bc/x"], "a/"),
        (["a/b/x", "a/b/c/y", "a/b"], "a/"),
        (["x", "y"], ""),
        (["/x", "/y/z"], ""),
        (["/home/x", "rel/x"], ""),
        (["/home/a/x", "/home/a/y"], "/home/a/"),
        (["../in/x", "../in/y"], "../in/"),
    ],
)
def test_common_folder(paths: list[str], folder: str) -> None:
    assert common_folder(paths) == folder


def test_paths_in_a_text_are_shortened_where_they_are_paths() -> None:
    places = Places("a/b/")
    assert places.shortened("a/b/x holds a/b/y, “a/b/z” and data/b/q, xa/b/r") == "x holds y, “z” and data/b/q, xa/b/r"
    assert Places("").shortened("a/b/x") == "a/b/x"
    assert places.short("a/b/c/d") == "c/d"
    assert places.short("other/a/b/c") == "other/a/b/c"


@pytest.mark.parametrize(
    ("message", "path", "said"),
    [
        ("a/x is empty", "a/x", "this file is empty"),
        (
            "a/x, the only file here that can be it, is empty",
            "a/x",
            "this file, the only file here that can be it, is empty",
        ),
        ("a/xy is empty", "a/x", "a/xy is empty"),
        ("layer 1 is cut short", "a/x", "layer 1 is cut short"),
        ("a\\nb is empty", "a\nb", "this file is empty"),
        ("a/x is empty", None, "a/x is empty"),
    ],
)
def test_a_file_beside_its_path_isnt_named_again(message: str, path: str | None, said: str) -> None:
    assert said_of_file(message, path) == said
