"""A topic for readers: as lines on a page, as Markdown, and as JSON."""

from __future__ import annotations

from typing import Any

from importer.report.page import Page, Styled
from importer.report.rule_text import SYMPTOMS_HEADING, code_span, escaped
from importer.topics.topic import Topic


def print_topic(topic: Topic, page: Page) -> None:
    """Print everything about one topic."""
    page.line(Styled(topic.name, "bold"))
    page.line(topic.summary, indent=2)
    page.line()
    page.line(Styled("What it means", "bold"))
    page.line(topic.meaning, indent=2)
    page.line()
    page.line(Styled("What to check", "bold"))
    for check in topic.checks:
        page.line(f"- {check}", indent=2, hang=2)
    page.line()
    page.line(Styled("Commands", "bold"))
    for advice in topic.advice:
        page.line(f"{advice.purpose}:", indent=2, hang=2)
        page.copyable(advice.command, indent=4)
    page.line()
    page.line(Styled(SYMPTOMS_HEADING, "bold"))
    for message in topic.messages:
        page.line(message.text, indent=2, hang=2)


def markdown_of(topic: Topic, level: int = 1) -> str:
    """The same as Markdown, its heading at a level."""
    parts = [
        f"{'#' * level} {topic.name}",
        escaped(topic.summary),
        f"**What it means.** {escaped(topic.meaning)}",
        "**What to check.**",
        "\n".join(f"- {escaped(check)}" for check in topic.checks),
        "**Commands.**",
        "\n".join(f"- {escaped(advice.purpose)}: {code_span(advice.command)}" for advice in topic.advice),
        f"**{SYMPTOMS_HEADING}:**",
        "\n".join(f"- {code_span(message.text)}" for message in topic.messages),
    ]
    return "\n\n".join(parts)


def json_of(topic: Topic) -> dict[str, Any]:
    """The same as JSON values."""
    return {
        "name": topic.name,
        "summary": topic.summary,
        "meaning": topic.meaning,
        "checks": list(topic.checks),
        "commands": [{"command": advice.command, "purpose": advice.purpose} for advice in topic.advice],
        "symptoms": [message.text for message in topic.messages],
    }
