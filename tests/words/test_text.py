"""Messages of parts: their plain form, equality, pickling, and that no part is forgotten or left as mere words."""

from __future__ import annotations

import ast
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.domain.digest import Digest
from importer.investigation import Investigation, Question, investigate
from importer.places.named import place_of
from importer.words.text import Command, Count, FilePath, Part, Position, Size, Text, joined, listed
from tests.agreement.test_damage_corpus import FOLDERS, HOME, input_of
from tests.work.threads import threads

DIGEST = Digest.of(b"")
WHOLE_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@pytest.mark.parametrize(
    ("part", "plain"),
    [
        ("words", "words"),
        (1234, "1234"),
        (Count(1234), "1,234"),
        (Position(3, 7), "3 of 7"),
        (Size(1), "1 byte"),
        (Size(60_339), "60,339 bytes"),
        (Size(1_048_576_000), "1,048,576,000 bytes (1.0 GB)"),
        (DIGEST, f"sha256:{DIGEST.hex}"),
        (FilePath("a\x1b[31m/b\udcff"), "a\\x1b[31m/b\\xff"),
        (Command("blobfix", "scan", FilePath("-a b")), "blobfix scan './-a b'"),
        (Command("blobfix", "scan", "-n", "a:b", FilePath("x\n")), "blobfix scan -n a:b $'x\\x0a'"),
        (None, ""),
    ],
)
def test_plain_forms(part: Part | None, plain: str) -> None:
    assert str(Text("<{}>", part)) == f"<{plain}>"


def test_words_without_parts_are_taken_as_they_are() -> None:
    assert str(Text('{"a": {}}')) == '{"a": {}}'


@pytest.mark.parametrize(("words", "parts"), [("{}", ()), ("{}", ("a", "b")), ("a", ("b",)), ("{} {}", ("a",))])
def test_a_part_too_many_or_too_few_is_an_error(words: str, parts: tuple[str, ...]) -> None:
    if parts:
        with pytest.raises(ValueError, match="parts for"):
            Text(words, *parts)
    else:
        assert Text(words).parts == (words,)


def test_it_doesnt_matter_how_a_message_was_put_together() -> None:
    path = FilePath("a")
    whole = Text("{} is {}", path, "here")
    assert whole == Text("{} {}", path, Text("is {}", Text("here"))) == Text("{}", path) + " is " + "here"
    assert hash(whole) == hash(Text("{} is here", path))
    assert whole != Text("{} is here", "a")
    assert pickle.loads(pickle.dumps(whole)) == whole
    assert not Text("")
    assert not Text("{}{}", None, "")


def test_braces_in_a_part_are_no_places() -> None:
    assert str(Text("{} and {}", "{}", Text("{}", FilePath("{}{}")))) == "{} and {}{}"


def test_lists() -> None:
    assert str(joined("; ", ())) == ""
    assert str(listed(())) == ""
    assert str(listed("abc")) == "a, b, c"
    assert str(listed("abcdefg")) == "a, b, c, d, e and 2 more"
    assert listed([FilePath("{}"), "b"], limit=1) == Text("{} and 1 more", FilePath("{}"))


def templates() -> Iterator[tuple[str, int, int]]:
    for path in sorted((HOME.parent.parent / "importer").rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        # Rich has a Text of its own.
        for node in ast.walk(ast.parse(source)) if "from importer.words.text import" in source else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Text":
                words, *parts = node.args
                if isinstance(words, ast.Constant) and not any(isinstance(part, ast.Starred) for part in parts):
                    yield f"{path.name}:{node.lineno}", str(words.value).count("{}"), len(parts)


def test_every_message_has_as_many_places_as_parts() -> None:
    found = list(templates())
    assert len(found) > 100
    assert [place for place, places, parts in found if parts and places != parts] == []
    assert [place for place, places, parts in found if places and not parts] == []


def seen_in(case: str, tmp_path: Path) -> Investigation:
    return investigate(Question((place_of(input_of(HOME / case, tmp_path)),)), threads())


@pytest.mark.parametrize("case", FOLDERS)
def test_paths_and_digests_are_parts_and_no_words(case: str, tmp_path: Path) -> None:
    """Else no report could shorten the one, or link the other."""
    seen = seen_in(case, tmp_path)
    inventory = seen.case.inventory
    paths = [fact.file.path for fact in inventory.facts] + [problem.path for problem in inventory.problems]
    messages = [text for one in seen.findings for text in (one.observation.message, one.observation.remedy)]
    words = [part for text in messages for part in text.parts if isinstance(part, str)]
    assert [word for word in words if any(path in word for path in paths) or WHOLE_DIGEST.search(word)] == []
    assert pickle.loads(pickle.dumps(messages)) == messages
