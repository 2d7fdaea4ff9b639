"""All topics. A new one is an entry in a module of this package; a new module is a line here."""

from __future__ import annotations

from typing import Final

from importer.topics import access, connection, machine, references
from importer.topics.topic import Topic

ALL_TOPICS: Final[tuple[Topic, ...]] = (
    *references.TOPICS,
    *access.TOPICS,
    *connection.TOPICS,
    *machine.TOPICS,
)


def topic_named(name: str) -> Topic | None:
    """The topic with a name, in any case, with blanks or hyphens."""
    wanted = name.strip().lower().replace(" ", "-")
    return next((topic for topic in ALL_TOPICS if topic.name == wanted), None)
