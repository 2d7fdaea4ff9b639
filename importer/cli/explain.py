"""``blobfix explain``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Final

import typer

from importer.cli.console import page_for_stdout
from importer.errors import UsageError
from importer.report.page import Page, Styled
from importer.report.rule_text import json_of, markdown_of, print_rule
from importer.rules.catalogue import all_rules, rule_named
from importer.rules.rule import Rule
from importer.rules.symptoms import Likeness, Match, rules_matching, rules_nearest

EXAMPLES: Final = """\b
Examples:
  blobfix explain BF206
  blobfix explain gunzipped
  blobfix explain "filesystem layer verification failed for digest"
"""
_RECOGNISED: Final = {
    Likeness.WHOLE_SYMPTOM: "This message is known",
    Likeness.PART_OF_SYMPTOM: "This is part of a known message",
    Likeness.SIMILAR_WORDS: "This resembles a known message",
}


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
            help="A rule's code or name, or an error message of docker, a registry, skopeo, containerd, podman "
            "or Artifactory.",
            show_default=False,
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Explain every rule.")] = False,
    format: Annotated[Format, typer.Option("--format", help="The text's format.")] = Format.TEXT,  # noqa: A002
) -> None:
    """Explain a finding or an error message: what it means, how it happens, what to do.

    Messages match regardless of case and of the digests, paths and numbers in them; you can paste a whole log line.
    """
    words = " ".join(what or ()).strip()
    if bool(words) is everything:
        raise UsageError("give a rule's code or name, or an error message in quotes, or only --all")
    named = rule_named(words)
    matches = () if everything or named else rules_matching(words)
    chosen = all_rules() if everything else (named,) if named else tuple(match.rule for match in matches)
    if not chosen:
        raise UsageError(_nothing_found(words))
    _show(chosen, matches, format)


def _show(chosen: Sequence[Rule], matches: Sequence[Match], form: Format) -> None:
    if form is Format.JSON:
        typer.echo(json.dumps([json_of(rule) for rule in chosen], indent=2, ensure_ascii=False))
    elif form is Format.MARKDOWN:
        typer.echo("\n\n".join(markdown_of(rule) for rule in (chosen[:1] if matches else chosen)))
    elif matches:
        _print_matches(matches, page_for_stdout())
    else:
        _print_all(chosen, page_for_stdout())


def _print_all(rules: Sequence[Rule], page: Page) -> None:
    for number, rule in enumerate(rules):
        if number:
            page.line()
            page.line("-" * 72)
        print_rule(rule, page)


def _print_matches(matches: Sequence[Match], page: Page) -> None:
    best, *others = matches
    page.line(Styled(f"{_RECOGNISED[best.likeness]}: ", "bold"), best.symptom, hang=2)
    page.line()
    print_rule(best.rule, page)
    page.line()
    if others:
        page.line(Styled("It can also be", "bold"))
    for match in others:
        page.line(f"{match.rule.code} {match.rule.name}: {match.rule.summary}", indent=2, hang=2)
    page.line("A message can have several causes; `blobfix scan FOLDER` on the download shows which one it is.")


def _nothing_found(words: str) -> str:
    names = {name.lower(): rule for rule in all_rules() for name in (rule.code, rule.name)}
    close = dict.fromkeys(names[name] for name in get_close_matches(words.lower(), names, cutoff=0.7))
    shown = words if len(words) <= 80 else f"{words[:79]}…"
    if close:
        hint = "did you mean " + ", or ".join(f"{rule.code} {rule.name}" for rule in close) + "?"
        return f"there is no rule “{shown}”; {hint} `blobfix rules` lists all"
    near = "; ".join(f"{match.rule.code} {match.rule.name} “{match.symptom}”" for match in rules_nearest(words))
    nearest = f"the nearest messages are those of {near}. " if near else ""
    return (
        f"no rule matches “{shown}”; {nearest}`blobfix rules` lists all. Try only the part of the message after "
        "the last colon, or run `blobfix scan` on the download itself"
    )
