"""How messages are written out: which paths are short, which characters are escaped."""

import pytest

from importer.report.rendering import Renderer, beside_its_path, common_folder
from importer.rules.rule import Observation
from importer.words.text import Command, FilePath, Text


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


def test_paths_are_shortened_and_nothing_else_that_looks_like_one() -> None:
    renderer = Renderer("a/b/")
    text = Text("{} holds {}, “{}” and a/b/q: {}", FilePath("a/b/x"), FilePath("a/b/y"), "a/b/z", FilePath("c/a/b/d"))
    assert renderer.text(text) == "x holds y, “a/b/z” and a/b/q: c/a/b/d"
    assert Renderer().text(text) == str(text)
    assert renderer.path("a/b/c/d") == "c/d"


def test_a_command_keeps_its_paths_so_that_it_works_where_it_is_pasted() -> None:
    assert Renderer("a/b/").text(Text("run {}", Command("cat", FilePath("a/b/x y")))) == "run cat 'a/b/x y'"


def test_what_a_terminal_would_obey_is_shown() -> None:
    assert (
        Renderer("a\n/").text(Text("{} says “{}”", FilePath("a\n/b\x1b"), "\x1b[31m\r")) == r"b\x1b says “\x1b[31m\r”"
    )


@pytest.mark.parametrize(
    ("message", "path", "said"),
    [
        (Text("{} is empty", FilePath("a/x")), "a/x", "this file is empty"),
        (Text("{}, the only one, is empty", FilePath("a/x")), "a/x", "this file, the only one, is empty"),
        (Text("{} is empty", FilePath("a/xy")), "a/x", "a/xy is empty"),
        (Text("{} is empty: {}", FilePath("a\nb"), "{}"), "a\nb", "this file is empty: {}"),
        (Text("layer 1 is cut short"), "a/x", "layer 1 is cut short"),
        (Text("{} is empty", FilePath("a/x")), None, "a/x is empty"),
        (Text("{}", FilePath("a/x")), "a/x", "this file"),
        (Text(""), "a/x", ""),
    ],
)
def test_a_file_beside_its_path_isnt_named_again(message: Text, path: str | None, said: str) -> None:
    assert str(beside_its_path(Observation(message, remedy=Text(""), path=path))) == said
