"""The commands that explain: what they print, and what they do with questions they can't answer."""

import json

import pytest

from importer.rules.catalogue import all_rules, rule_named
from tests.blobfix import blobfix


def test_rules_lists_every_rule_in_one_line() -> None:
    result = blobfix("rules")
    head, *rows = result.text.splitlines()
    assert (result.code, head.split()) == (0, ["code", "name", "severity", "fix", "summary"])
    assert [row.split(maxsplit=4) for row in rows] == [
        [rule.code, rule.name, str(rule.severity), str(rule.fix), rule.summary] for rule in all_rules()
    ]


def test_rules_as_json() -> None:
    rows = json.loads(blobfix("rules", "--format", "json").text)
    assert [row["code"] for row in rows] == [rule.code for rule in all_rules()]
    assert set(rows[0]) == {"code", "name", "severity", "fix", "summary"}


@pytest.mark.parametrize("question", ["BF206", "gunzipped", "bf206"])
def test_a_rule_is_explained_with_its_four_paragraphs_and_its_symptoms(question: str) -> None:
    result, rule = blobfix("explain", question), rule_named("BF206")
    assert rule
    text = rule.explanation
    lines = result.text.splitlines()
    for heading, paragraph in (
        ("What it means", text.meaning),
        ("How it happens", text.origin),
        ("What blobfix does", text.remedy),
        ("What you can do", text.advice),
    ):
        assert lines[lines.index(heading) + 1] == f"  {paragraph}"
    assert all(f"  {symptom}" in lines for symptom in rule.symptoms)
    assert result.code == 0


def test_a_message_names_the_best_rule_first_and_then_the_others() -> None:
    result = blobfix("explain", "failed to register layer: ApplyLayer exit 1: archive/tar: invalid tar header")
    assert result.text.startswith("This message is known: ")
    assert result.text.index("BF411 needs-newer-docker") < result.text.index("It can also be\n  BF210 text-mangled")


def test_a_message_needs_no_quotes() -> None:
    assert "BF201 truncated" in blobfix("explain", "unexpected", "EOF").text


@pytest.mark.parametrize(
    ("question", "hint"),
    [
        ("gunziped", "did you mean BF206 gunzipped?"),
        ("BF26", "or BF206 gunzipped?"),
        ("nonsense", "`blobfix rules`"),
        ("sha256 checksum of layer was bad", "BF501 link-malformed"),
        ("cannot verify the layer's filesystem, sorry", "BF208 corrupt “filesystem layer verification failed"),
    ],
)
def test_what_nothing_explains_is_wrong_usage_with_a_hint(question: str, hint: str) -> None:
    result = blobfix("explain", question)
    assert (result.code, result.text) == (2, "")
    assert hint in result.stderr


@pytest.mark.parametrize("arguments", [(), ("",), ("BF206", "--all")])
def test_a_question_is_either_one_thing_or_all(arguments: list[str]) -> None:
    assert blobfix("explain", *arguments).code == 2


def test_a_hostile_question_cant_write_to_the_terminal() -> None:
    assert "\x1b" not in blobfix("explain", "\x1b]0;owned\x07 rubbish").stderr


def test_all_explains_every_rule() -> None:
    result = blobfix("explain", "--all")
    assert all(f"{rule.code} {rule.name}  {rule.severity}" in result.text for rule in all_rules())


def test_json_and_markdown() -> None:
    (value,) = json.loads(blobfix("explain", "BF206", "--format", "json").text)
    rule = rule_named("BF206")
    assert rule
    assert value["meaning"] == rule.explanation.meaning
    markdown = blobfix("explain", "--all", "--format", "markdown").text
    assert [line for line in markdown.splitlines() if line.startswith("# ")] == [
        f"# {rule.code} {rule.name}" for rule in all_rules()
    ]
