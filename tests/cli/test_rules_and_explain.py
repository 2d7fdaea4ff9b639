"""The commands that explain: what they print, and what they do with questions they can't answer."""

import json

import pytest

from importer.rules.catalogue import all_rules, rule_named
from importer.topics.catalogue import ALL_TOPICS, topic_named
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
    assert result.text.index("BF411 needs-newer-docker") < result.text.index("It can also be\n  not-an-image-archive: ")


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


@pytest.mark.parametrize("question", ["rate-limit", "Rate Limit", "toomanyrequests: slow down"])
def test_a_topic_is_explained_with_what_to_check_and_the_commands(question: str) -> None:
    result, topic = blobfix("explain", question), topic_named("rate-limit")
    assert topic
    lines = result.text.splitlines()
    assert result.code == 0
    assert lines[lines.index("What it means") + 1] == f"  {topic.meaning}"
    assert all(f"  - {check}" in lines for check in topic.checks)
    assert all(f"    {advice.command}" in lines for advice in topic.advice)
    (value, *_) = json.loads(blobfix("explain", question, "--format", "json").text)
    assert (value["name"], value["checks"]) == ("rate-limit", list(topic.checks))


def test_a_log_on_standard_input_is_explained_once_for_each_message() -> None:
    log = b"latest: Pulling\n\xff x509: certificate signed by unknown authority\nunexpected EOF\r\nunexpected EOF\n"
    result = blobfix("explain", "-", stdin=log)
    assert result.code == 0
    assert [line for line in result.text.splitlines() if line.startswith("line")] == [
        "line 2: \ufffd x509: certificate signed by unknown authority",
        "lines 3, 4: unexpected EOF",
    ]
    values = json.loads(blobfix("explain", "-", "--format", "json", stdin=log).text)
    assert [(value["name"], value["lines"]) for value in values] == [("certificate", [2]), ("truncated", [3, 4])]
    assert blobfix("explain", "-", stdin=b"all is well\nsaid the cat\n").code == 2


def test_one_line_on_standard_input_is_a_message() -> None:
    assert blobfix("explain", "-", stdin=b"unexpected EOF\n").text == blobfix("explain", "unexpected EOF").text


def test_all_topics() -> None:
    text = blobfix("explain", "--topics").text
    assert all(f"\n{topic.name}\n  {topic.summary}\n" in f"\n{text}" for topic in ALL_TOPICS)
    assert blobfix("explain", "--topics", "--all").code == 2
