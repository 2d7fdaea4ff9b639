"""A rule for readers: its one text as lines on a page, as Markdown, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from importer.report.page import Page, Styled
from importer.rules.rule import Explanation, Rule, Safety, Severity

SEVERITY_STYLES: Final = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "dim"}
FIXES: Final = {
    Safety.SAFE: "blobfix repairs it, and a digest proves the result",
    Safety.UNSAFE: "blobfix can repair it on request, but the image's identity changes",
    Safety.NONE: "nothing to repair, or no way to repair it",
}
SYMPTOMS_HEADING: Final = "Related error messages of other programs"
"""What stands before a list of them."""

_SPECIAL_IN_MARKDOWN: Final = str.maketrans({c: f"\\{c}" for c in "\\`*_[]<>|"})


def paragraphs(explanation: Explanation) -> Iterator[tuple[str, str]]:
    """The four paragraphs with their headings."""
    yield "What it means", explanation.meaning
    yield "How it happens", explanation.origin
    yield "What blobfix does", explanation.remedy
    yield "What you can do", explanation.advice


def print_rule(rule: Rule, page: Page) -> None:
    """Print everything about one rule."""
    style = SEVERITY_STYLES[rule.severity]
    page.line(Styled(f"{rule.code} {rule.name}", "bold"), "  ", Styled(rule.severity.value, style))
    page.line(rule.summary, indent=2)
    page.line(f"fix: {rule.fix} ({FIXES[rule.fix]})", indent=2)
    for heading, text in paragraphs(rule.explanation):
        page.line()
        page.line(Styled(heading, "bold"))
        page.line(text, indent=2)
    if rule.symptoms:
        page.line()
        page.line(Styled(SYMPTOMS_HEADING, "bold"))
    for symptom in rule.symptoms:
        page.line(symptom, indent=2, hang=2)


def markdown_of(rule: Rule, level: int = 1) -> str:
    """The same as Markdown, its heading at a level."""
    lines = [
        f"{'#' * level} {rule.code} {rule.name}",
        f"**{rule.severity}** · fix: **{rule.fix}** · {escaped(rule.summary)}",
        *(f"**{heading}.** {escaped(text)}" for heading, text in paragraphs(rule.explanation)),
    ]
    if rule.symptoms:
        lines.append(f"**{SYMPTOMS_HEADING}:**")
        lines.append("\n".join(f"- {code_span(symptom)}" for symptom in rule.symptoms))
    return "\n\n".join(lines)


def json_of(rule: Rule) -> dict[str, Any]:
    """The same as JSON values."""
    text = rule.explanation
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity.value,
        "fix": rule.fix.value,
        "summary": rule.summary,
        "meaning": text.meaning,
        "origin": text.origin,
        "remedy": text.remedy,
        "advice": text.advice,
        "symptoms": list(rule.symptoms),
    }


def escaped(text: str) -> str:
    """The text in Markdown, where it looks as it is."""
    return text.translate(_SPECIAL_IN_MARKDOWN)


def code_span(text: str) -> str:
    """The text as code in Markdown, whatever backticks are in it."""
    fence = "``" if "`" in text else "`"
    return f"{fence} {text} {fence}" if "`" in text else f"{fence}{text}{fence}"
