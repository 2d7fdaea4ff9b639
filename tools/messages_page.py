"""The page about error messages of other programs, made of the topics' own texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from importer.report.rule_text import escaped
from importer.report.topic_text import markdown_of
from importer.topics.catalogue import ALL_TOPICS

_BEGINNING: Final = """\
<!-- Made by `make generated`; change the topics themselves (importer/topics/). -->

# Error messages of other programs

What goes wrong beside damaged files: logins, limits, certificates, disks. `blobfix explain "MESSAGE"` finds the topic
or the rule of a message, `blobfix explain rate-limit` prints a topic, and `docker pull … 2>&1 | blobfix explain -`
explains each known message in a log. Messages that say that an image is damaged are in [rules.md](rules.md). Names in
the commands are examples.
"""


def render_page() -> str:
    """The whole page as Markdown."""
    return "\n".join(_parts())


def _parts() -> Iterator[str]:
    yield _BEGINNING
    yield "| topic | what it is |"
    yield "|---|---|"
    yield from (f"| [{topic.name}](#{topic.name}) | {escaped(topic.summary)} |" for topic in ALL_TOPICS)
    yield from (f"\n{markdown_of(topic, level=2)}" for topic in ALL_TOPICS)
