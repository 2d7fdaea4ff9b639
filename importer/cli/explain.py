"""``blobfix explain``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from importer.cli.console import page_for_stdout, say
from importer.cli.log import Log
from importer.errors import UsageError
from importer.report import rule_text, topic_text
from importer.report.page import Page, Styled
from importer.rules.catalogue import all_rules, rule_named
from importer.rules.rule import Rule
from importer.rules.symptoms import (
    Likeness,
    Lines,
    Match,
    Subject,
    code_of,
    lines_explained,
    subjects_matching,
    subjects_nearest,
)
from importer.topics.catalogue import ALL_TOPICS, topic_named

EXAMPLES: Final = """\b
Examples:
  blobfix explain BF206
  blobfix explain gunzipped
  blobfix explain rate-limit
  blobfix explain "filesystem layer verification failed for digest"
  docker pull alpine:3 2>&1 | blobfix explain -
"""
_RECOGNISED: Final = {
    Likeness.WHOLE_SYMPTOM: "This message is known",
    Likeness.PART_OF_SYMPTOM: "This is part of a known message",
    Likeness.SIMILAR_WORDS: "This resembles a known message",
}
_LOG: Final = "-"
_LINES_SHOWN: Final = 5


class Format(StrEnum):
    """Forms of the text."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


def explain(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CODE|NAME|MESSAGE",
            help="A rule's code or name, a topic's name, or an error message of docker, a registry, skopeo, "
            "containerd, podman, Artifactory, nginx, a proxy or a browser; - reads a log from standard input.",
            show_default=False,
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Explain every rule.")] = False,
    topics: Annotated[
        bool, typer.Option("--topics", help="Explain every topic beside the rules: logins, limits, disks.")
    ] = False,
    format: Annotated[Format, typer.Option("--format", help="The text's format.")] = Format.TEXT,  # noqa: A002
) -> None:
    """Explain a finding or an error message: what it means, how it happens, what to do.

    Messages match regardless of case and of the digests, paths and numbers in them; you can paste a whole log line.
    Of a log with many lines, each message that is known is explained once; up to 200 MB are read.
    """
    words = " ".join(what or ()).strip()
    if [bool(words), everything, topics].count(True) != 1:
        raise UsageError("give a rule's code or name, a topic, an error message in quotes, or only --all or --topics")
    if words == _LOG:
        _explain_log(Log(sys.stdin.buffer), format)
    else:
        _explain_words(words, format, everything=everything, topics=topics)


def _explain_words(text: str, form: Format, *, everything: bool = False, topics: bool = False) -> None:
    named = rule_named(text) or topic_named(text)
    matches = () if everything or topics or named else subjects_matching(text)
    chosen: Sequence[Subject] = [named] if named else [match.subject for match in matches]
    chosen = all_rules() if everything else ALL_TOPICS if topics else chosen
    if not chosen:
        raise UsageError(_nothing_found(text))
    _show(chosen, matches, form)


def _show(chosen: Sequence[Subject], matches: Sequence[Match], form: Format) -> None:
    if form is Format.JSON:
        typer.echo(_as_json([_json_of(subject) for subject in chosen]))
    elif form is Format.MARKDOWN:
        typer.echo("\n\n".join(_markdown_of(subject) for subject in (chosen[:1] if matches else chosen)))
    elif matches:
        _print_matches(matches, page_for_stdout())
    else:
        _print_all(chosen, page_for_stdout())


def _explain_log(log: Log, form: Format) -> None:
    """Explain what is known of the lines; if nothing is, the log may be one message over several lines."""
    found = lines_explained(log)
    if log.left_at is not None:
        say(_rest_left(log.left_at))
    if log.filled <= 1 or (not found and log.is_one_message):
        _explain_words(log.message, form)
    elif not found:
        raise UsageError(_nothing_found(log.message))
    elif form is Format.JSON:
        values = [
            _json_of(each.match.subject) | {"lines": list(each.numbers), "line_count": each.count} for each in found
        ]
        typer.echo(_as_json(values))
    elif form is Format.MARKDOWN:
        typer.echo("\n\n".join(_markdown_of(each.match.subject) for each in found))
    else:
        _print_log(found, page_for_stdout())


def _rest_left(last: int) -> str:
    return (
        f"note: the log is very long; what comes after its line {last:,} was not read. Its end, where the error "
        "often is: `tail -n 1000000 LOG | blobfix explain -`"
    )


def _print_all(subjects: Sequence[Subject], page: Page) -> None:
    for number, subject in enumerate(subjects):
        if number:
            page.line()
            page.line("-" * 72)
        _print(subject, page)


def _print_log(found: Sequence[Lines], page: Page) -> None:
    for number, each in enumerate(found):
        if number:
            page.line()
            page.line("-" * 72)
        numbers = ", ".join(map(str, each.numbers[:_LINES_SHOWN]))
        more = f" and {each.count - _LINES_SHOWN:,} more" if each.count > _LINES_SHOWN else ""
        heading = f"line{'' if each.count == 1 else 's'} {numbers}{more}: "
        page.line(Styled(heading, "bold"), each.first, hang=2)
        page.line()
        _print(each.match.subject, page)


def _print_matches(matches: Sequence[Match], page: Page) -> None:
    best, *others = matches
    page.line(Styled(f"{_RECOGNISED[best.likeness]}: ", "bold"), best.symptom, hang=2)
    page.line()
    _print(best.subject, page)
    page.line()
    if others:
        page.line(Styled("It can also be", "bold"))
    for match in others:
        page.line(f"{_title_of(match.subject)}: {match.subject.summary}", indent=2, hang=2)
    if any(isinstance(match.subject, Rule) for match in matches):
        page.line("A message can have several causes; `blobfix scan FOLDER` on the download shows which one it is.")


def _print(subject: Subject, page: Page) -> None:
    if isinstance(subject, Rule):
        rule_text.print_rule(subject, page)
    else:
        topic_text.print_topic(subject, page)


def _markdown_of(subject: Subject) -> str:
    return rule_text.markdown_of(subject) if isinstance(subject, Rule) else topic_text.markdown_of(subject)


def _json_of(subject: Subject) -> dict[str, Any]:
    return rule_text.json_of(subject) if isinstance(subject, Rule) else topic_text.json_of(subject)


def _as_json(values: list[dict[str, Any]]) -> str:
    return json.dumps(values, indent=2, ensure_ascii=False)


def _title_of(subject: Subject) -> str:
    return f"{subject.code} {subject.name}" if isinstance(subject, Rule) else subject.name


def _nothing_found(words: str) -> str:
    names = {name.lower(): subject for subject in _all_subjects() for name in (code_of(subject), subject.name)}
    close = dict.fromkeys(names[name] for name in get_close_matches(words.lower(), names, cutoff=0.7))
    shown = words if len(words) <= 80 else f"{words[:79]}…"
    if close:
        hint = "did you mean " + ", or ".join(map(_title_of, close)) + "?"
        return f"there is no rule “{shown}”; {hint} `blobfix rules` lists all"
    near = "; ".join(f"{_title_of(match.subject)} “{match.symptom}”" for match in subjects_nearest(words))
    nearest = f"the nearest messages are those of {near}. " if near else ""
    return (
        f"nothing known matches “{shown}”; {nearest}`blobfix rules` lists all rules. Try only the part of the message "
        "after the last colon, or run `blobfix scan` on the download itself"
    )


def _all_subjects() -> Iterator[Subject]:
    yield from all_rules()
    yield from ALL_TOPICS
